/** Vehicles with their devices, enrolled and logged in by the API. */
import { setTimeout as wait } from 'node:timers/promises';

const enrolledAtOnce = 100;
/** In a cluster a gateway hears of a new device a moment after whoever enrolled it. */
const unknownTriesMax = 20;
const unknownPauseMs = 1000;

export const imeiOf = (index: number): string => {
  const digits = `00101000${String(index).padStart(6, '0')}`;
  const sum = digits.split('').reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits + String((10 - (sum % 10)) % 10);
};

export interface Enrolled {
  readonly token: string;
  readonly vehicleId: string;
}

interface Known {
  readonly imei: string;
  readonly secret: string;
  readonly vehicleId: string;
}

const request = (origin: string, address: string, token: string, body: unknown): Promise<Response> => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return fetch(`${origin}${address}`, { method: 'POST', headers, body: JSON.stringify(body) });
};

const post = async <T>(origin: string, address: string, token: string, body: unknown): Promise<T> => {
  const response = await request(origin, address, token, body);
  if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};

const enrolSome = async (origin: string, operatorToken: string, indexes: readonly number[]): Promise<Known[]> => {
  const items = indexes.map((index) => ({
    vehicle: { vin: `TESTBENCH00${String(index).padStart(6, '0')}`, customer: 'Bench' },
    device: { imei: imeiOf(index) },
  }));
  const enrolled = await post<{ items: { secret: string; vehicleId: string }[] }>(origin, '/v1/enrolments', operatorToken, {
    items,
  });
  return enrolled.items.map((item, i) => ({ ...item, imei: imeiOf(indexes[i] as number) }));
};

const logIn = async (origin: string, { imei, secret, vehicleId }: Known): Promise<Enrolled> => ({
  token: (await post<{ token: string }>(origin, '/v1/devices/login', '-', { imei, secret })).token,
  vehicleId,
});

/** Changes are heard in their order: who knows the last device knows all. */
const untilKnown = async (origin: string, { imei, secret }: Known): Promise<void> => {
  for (let tries = 1; tries < unknownTriesMax; tries++) {
    if ((await request(origin, '/v1/devices/login', '-', { imei, secret })).ok) return;
    await wait(unknownPauseMs);
  }
};

/** `count` devices from the number `first` on, each on a vehicle of its own. */
export const enrolVehicles = async (
  origin: string,
  operatorToken: string,
  count: number,
  first = 0,
): Promise<readonly Enrolled[]> => {
  const known: Known[] = [];
  for (let from = 0; from < count; from += enrolledAtOnce) {
    const indexes = Array.from({ length: Math.min(enrolledAtOnce, count - from) }, (_, i) => first + from + i);
    known.push(...(await enrolSome(origin, operatorToken, indexes)));
  }
  const last = known.at(-1);
  if (last) await untilKnown(origin, last);
  const all: Enrolled[] = [];
  for (let from = 0; from < count; from += enrolledAtOnce)
    all.push(...(await Promise.all(known.slice(from, from + enrolledAtOnce).map((one) => logIn(origin, one)))));
  return all;
};

/** Their tokens. */
export const enrolDevices = async (origin: string, operatorToken: string, count: number, first = 0): Promise<string[]> =>
  (await enrolVehicles(origin, operatorToken, count, first)).map(({ token }) => token);
