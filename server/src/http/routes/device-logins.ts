import { CallerError } from '../../kernel/index.ts';
import { certificateOf } from '../../protocols/index.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';

/** What devices ask before they report, on every listener. */
export const addDeviceLoginRoutes = (routes: RouteRegistrar, { devices, clock }: Pick<HttpDeps, 'devices' | 'clock'>): void => {
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
