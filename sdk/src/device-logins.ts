import type { DeviceToken, FetchedSecret } from '@milepost/contract/api';
import { readAnswer } from './api-error.ts';
import { clientLimits } from './limits.ts';
import { sendRequest, type TlsCredentials } from './send-request.ts';

export interface DeviceAddress {
  /** Origin of the server, like `http://127.0.0.1:8080`. */
  readonly server: string;
  readonly imei: string;
  readonly tls?: TlsCredentials | undefined;
}

const post = async (path: string, { server, tls }: DeviceAddress, body: object, nowMs: number): Promise<unknown> => {
  const response = await sendRequest(new URL(path, server), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(clientLimits.requestTimeoutMs),
    tls,
  });
  return readAnswer(response, nowMs);
};

/** Throws ApiError. */
export const logDeviceIn = async (device: DeviceAddress, secret: string, nowMs: number): Promise<DeviceToken> =>
  (await post('/v1/devices/login', device, { imei: device.imei, secret }, nowMs)) as DeviceToken;

/**
 * Fetches the secret of a device, once while its enrolment window is open: it must be kept, nothing shows it again. Throws ApiError:
 * 401 when there is no window, 429 with `retryAfterMs` after too many attempts.
 */
export const fetchDeviceSecret = async (device: DeviceAddress): Promise<string> =>
  ((await post('/v1/device-enrolments', device, { imei: device.imei }, Date.now())) as FetchedSecret).secret;
