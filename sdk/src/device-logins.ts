import type { ClaimCodeView, DeviceToken, FetchedSecret } from '@milepost/contract/api';
import { readAnswer } from './api-error.ts';
import { clientLimits } from './limits.ts';
import { sendRequest, type TlsCredentials } from './send-request.ts';

export interface DeviceAddress {
  /** Origin of the server, like `http://127.0.0.1:8080`. */
  readonly server: string;
  readonly imei: string;
  readonly tls?: TlsCredentials | undefined;
}

const post = async (
  path: string,
  { server, tls }: Pick<DeviceAddress, 'server' | 'tls'>,
  body: object,
  nowMs: number,
  headers: Record<string, string> = {},
): Promise<unknown> => {
  const response = await sendRequest(new URL(path, server), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
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

/**
 * A code for the device's screen: who types it within ten minutes becomes the holder of its vehicle. `token`: of the login. Throws ApiError: 403
 * while the vehicle is somebody's, 429 with `retryAfterMs` after too many.
 */
export const askClaimCode = async (device: Omit<DeviceAddress, 'imei'>, token: string): Promise<ClaimCodeView> => {
  const headers = { authorization: `Bearer ${token}` };
  return (await post('/v1/devices/claim-code', device, {}, Date.now(), headers)) as ClaimCodeView;
};
