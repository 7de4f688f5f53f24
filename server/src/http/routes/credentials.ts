import { apiLimits } from '@milepost/contract/api';
import { invalidField } from '../../kernel/index.ts';
import { readCursor, writeCursor } from '../cursors.ts';
import { findDevice } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { deviceView } from '../views/registry-view.ts';

const minuteMs = 60_000;

/** End of a window that is opened now, in ms. */
export const windowEnd = (nowMs: number, minutes: number = apiLimits.enrolmentWindowMinutesDefault): number =>
  nowMs + minutes * minuteMs;

/** What the operator does about what devices log in with. docs/enrolment.md */
export const addCredentialRoutes = (routes: RouteRegistrar, { registry, clock }: HttpDeps): void => {
  const { directory, credentials } = registry;
  const idOf = (params: { readonly id: string }): string => findDevice(directory, params.id).id;

  routes.add('renewSecret', async ({ params }) => {
    const { device, secret } = await credentials.renewSecret(idOf(params));
    return { secret, secretIssuedAt: toIso(device.credentials.secretIssuedAt ?? clock.now()) };
  });

  routes.add('openEnrolmentWindow', async ({ params, body }) =>
    deviceView(directory, await credentials.openWindow(idOf(params), windowEnd(clock.now(), body.minutes))),
  );

  routes.add('closeEnrolmentWindow', async ({ params }) => {
    await credentials.closeWindow(idOf(params));
  });

  routes.add('openEnrolmentWindows', async ({ body }) => {
    const untilMs = windowEnd(clock.now(), body.minutes);
    const { opened, unknown } = await credentials.openWindows(body.imeis, untilMs);
    return {
      until: toIso(untilMs),
      opened: opened.map((device) => ({ imei: device.imei, deviceId: device.id })),
      unknown: [...unknown],
    };
  });

  routes.add('pinCertificate', async ({ params, body }) => {
    const sha256 = body.sha256.replaceAll(':', '').toLowerCase();
    return deviceView(directory, await credentials.pinCertificate(idOf(params), sha256));
  });

  routes.add('unpinCertificate', async ({ params }) => {
    await credentials.unpinCertificate(idOf(params));
  });

  routes.add('listCredentialEvents', async ({ params, query }) => {
    const limit = query.limit ?? apiLimits.pageSizeDefault;
    const beforeNo = query.cursor === undefined ? undefined : readCursor(query.cursor, ['number'])[0];
    if (beforeNo !== undefined && !Number.isSafeInteger(beforeNo))
      throw invalidField('cursor', query.cursor, '`next` of the page before');
    const events = await credentials.events(idOf(params), { beforeNo, limit: limit + 1 });
    const shown = events.slice(0, limit);
    const last = shown.at(-1);
    return {
      items: shown.map(({ at, event, actor, detail }) => ({ at: toIso(at), event, actor, detail })),
      next: events.length > limit && last ? writeCursor([last.eventNo]) : null,
    };
  });
};
