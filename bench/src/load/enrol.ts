/** Vehicles with their devices, enrolled and logged in by the API. */
import { setTimeout as wait } from 'node:timers/promises';

const enrolledAtOnce = 100;
/** In a cluster a gateway hears of a new device a moment after whoever enrolled it. */
const unknownTriesMax = 100;
const unknownPauseMs = 100;

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

/** `count` devices from the number `first` on, each on a vehicle of its own. */
export const enrolVehicles = async (
  origin: string,
  operatorToken: string,
  count: number,
  first = 0,
): Promise<readonly Enrolled[]> => {
  const post = async <T>(address: string, token: string, body: unknown): Promise<T> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    let response = await fetch(`${origin}${address}`, request);
    for (let tries = 1; response.status === 401 && tries < unknownTriesMax; tries++) {
      await wait(unknownPauseMs);
      response = await fetch(`${origin}${address}`, request);
    }
    if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const all: Enrolled[] = [];
  for (let from = 0; from < count; from += enrolledAtOnce) {
    const indexes = Array.from({ length: Math.min(enrolledAtOnce, count - from) }, (_, i) => first + from + i);
    const items = indexes.map((index) => ({
      vehicle: { vin: `TESTBENCH00${String(index).padStart(6, '0')}`, customer: 'Bench' },
      device: { imei: imeiOf(index) },
    }));
    const enrolled = await post<{ items: { secret: string; vehicleId: string }[] }>('/v1/enrolments', operatorToken, { items });
    const logins = enrolled.items.map(async ({ secret, vehicleId }, i) => {
      const login = { imei: imeiOf(indexes[i] as number), secret };
      return { token: (await post<{ token: string }>('/v1/devices/login', '-', login)).token, vehicleId };
    });
    all.push(...(await Promise.all(logins)));
  }
  return all;
};

/** Their tokens. */
export const enrolDevices = async (origin: string, operatorToken: string, count: number, first = 0): Promise<string[]> =>
  (await enrolVehicles(origin, operatorToken, count, first)).map(({ token }) => token);
