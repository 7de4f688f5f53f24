import { apiLimits } from '@milepost/contract/api';
import type { NewDevice } from '../../registry/index.ts';
import { pageByNumber } from '../cursors.ts';
import { findDevice, findVehicle } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { readTime } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { deviceView } from '../views/registry-view.ts';

export type DeviceFields = Pick<NewDevice, 'imei' | 'kind'> & { readonly from?: string | number };

export const deviceFields = (fields: DeviceFields): Omit<NewDevice, 'vehicleId'> => ({
  imei: fields.imei,
  kind: fields.kind,
  fromMs: fields.from === undefined ? undefined : readTime('from', fields.from),
});

export const addDeviceRoutes = (routes: RouteRegistrar, { registry, clock }: HttpDeps): void => {
  const { directory } = registry;

  routes.add('createDevice', async ({ body, reply, scope }) => {
    const vehicle = findVehicle(directory, scope, body.vehicleId);
    const { device, secret } = await registry.createDevice({ ...deviceFields(body), vehicleId: vehicle.id });
    reply.header('location', `/v1/devices/${device.id}`);
    return { id: device.id, secret, isImeiCheckDigitValid: device.isImeiCheckDigitValid };
  });

  routes.add('listDevices', ({ query, scope }) => {
    const byImei = query.imei === undefined ? undefined : directory.deviceByImei(query.imei);
    const onVehicle =
      query.vehicleId === undefined
        ? undefined
        : directory.devicesOnVehicle(findVehicle(directory, scope, query.vehicleId).vehicleNo);
    let found = onVehicle ?? (byImei ? [byImei] : directory.devices());
    if (query.imei !== undefined) found = Array.from(found).filter((device) => device === byImei);
    const page = pageByNumber(found, (device) => device.deviceNo, {
      cursor: query.cursor,
      limit: query.limit ?? apiLimits.pageSizeDefault,
    });
    return { items: page.items.map((device) => deviceView(directory, device)), next: page.next };
  });

  routes.add('readDevice', ({ params }) => deviceView(directory, findDevice(directory, params.id)));

  routes.add('revokeDevice', async ({ params }) => {
    await registry.revokeDevice(findDevice(directory, params.id).id);
  });

  routes.add('assignDevice', async ({ params, body, scope }) => {
    const fromMs = body.from === undefined ? clock.now() : readTime('from', body.from);
    const device = await registry.assignDevice(
      findDevice(directory, params.id).id,
      findVehicle(directory, scope, body.vehicleId).id,
      fromMs,
    );
    return deviceView(directory, device);
  });
};
