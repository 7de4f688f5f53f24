import type { FastifyRequest } from 'fastify';
import { CallerError } from '../../kernel/index.ts';
import { certificateOf, readBearer } from '../../protocols/index.ts';
import type { Device, Directory, Possessions } from '../../registry/index.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';

export type DeviceDeps = Pick<HttpDeps, 'devices' | 'clock'> & {
  readonly registry: {
    readonly directory: Pick<Directory, 'vehicleByNo'>;
    readonly possessions: Pick<Possessions, 'makeShownCode'>;
  };
};

/** By the certificate that it showed, or else by the token of its login. Throws `unauthorized`, `revoked`. */
const deviceOf = async ({ devices }: Pick<HttpDeps, 'devices'>, request: FastifyRequest): Promise<Device> => {
  const { authorization } = request.headers;
  const certificate = authorization === undefined ? certificateOf(request.socket) : undefined;
  if (certificate) return devices.authenticateCertificate(certificate).device;
  const token = authorization === undefined ? undefined : readBearer(authorization);
  if (token === undefined) throw new CallerError('unauthorized', 'expected Authorization: Bearer <token of the device>');
  return (await devices.authenticate(token)).device;
};

/** On which vehicle a device is now. */
const vehicleNoOf = ({ assignments }: Device, nowMs: number): number | undefined =>
  assignments.findLast(({ fromMs, toMs }) => fromMs <= nowMs && toMs > nowMs)?.vehicleNo;

/** What devices ask before they report, on every listener. */
export const addDeviceLoginRoutes = (routes: RouteRegistrar, { devices, clock, registry }: DeviceDeps): void => {
  routes.add('makeShownClaimCode', async ({ request }) => {
    const device = await deviceOf({ devices }, request);
    const vehicleNo = vehicleNoOf(device, clock.now());
    const vehicleId = vehicleNo === undefined ? undefined : registry.directory.vehicleByNo(vehicleNo)?.id;
    const asked = { deviceNo: device.deviceNo, vehicleId };
    const { code, expiresAt } = await registry.possessions.makeShownCode(asked, request.client.address);
    return { code, expiresAt: toIso(expiresAt), serverTime: toIso(clock.now()) };
  });

  routes.add('login', async ({ body, request }) => {
    const { token, expiresAt } = await devices.login(body.imei, body.secret, request.client.address);
    return { token, expiresAt: toIso(expiresAt), serverTime: toIso(clock.now()) };
  });

  routes.add('loginByCertificate', async ({ request }) => {
    const certificate = certificateOf(request.socket);
    if (!certificate)
      throw new CallerError('unauthorized', 'expected a client certificate, which only the TLS listener of devices asks for');
    const { token, expiresAt } = await devices.loginByCertificate(certificate);
    return { token, expiresAt: toIso(expiresAt), serverTime: toIso(clock.now()) };
  });

  routes.add('fetchSecret', async ({ body, request }) => {
    const { device, secret } = await devices.fetchSecret(body.imei, request.client.address);
    return { deviceId: device.id, secret, serverTime: toIso(clock.now()) };
  });
};
