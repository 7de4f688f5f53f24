import { type Form, OperatorClient, type Way } from '@milepost/sdk';
import type { Target } from '../../support/start-milepost.ts';
import { CountingDevice, type CountingDeviceOptions } from './counting-device.ts';

export interface WayIn {
  readonly way: Way;
  readonly form: Form;
}

/** Every way in there is. */
export const waysIn: readonly WayIn[] = [
  { way: 'websocket', form: 'json' },
  { way: 'websocket', form: 'binary' },
  { way: 'http', form: 'json' },
  { way: 'http', form: 'binary' },
  { way: 'mqtt', form: 'json' },
  { way: 'mqtt', form: 'binary' },
];

/** Vehicles that one call enrols. */
const enrolAtOnce = 1000;
const hourMs = 3_600_000;

/** An IMEI with its check digit. */
export const imeiOf = (index: number): string => {
  const digits = `00101000${String(index).padStart(6, '0')}`;
  const sum = digits.split('').reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits + String((10 - (sum % 10)) % 10);
};

export interface Enrolled {
  readonly imei: string;
  readonly secret: string;
  readonly vehicleId: string;
}

/** Vehicles with a device each. `from` is the number of the first, so that several calls make different ones. */
export const enrol = async (milepost: Target, count: number, from = 0): Promise<Enrolled[]> => {
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  const enrolled: Enrolled[] = [];
  for (let done = 0; done < count; done += enrolAtOnce) {
    const numbers = Array.from({ length: Math.min(enrolAtOnce, count - done) }, (_, i) => from + done + i);
    const items = numbers.map((n) => ({
      vehicle: { vin: `TESTT0RTV${String(n).padStart(8, '0')}`, customer: 'Torture' },
      device: { imei: imeiOf(n) },
    }));
    const answer = await operator.enrol({ items });
    answer.items.forEach(({ vehicleId, secret }, i) => {
      enrolled.push({ imei: items[i]?.device.imei ?? '', secret, vehicleId });
    });
  }
  return enrolled;
};

export type FleetOptions = Partial<Pick<CountingDeviceOptions, 'inFlight' | 'stepMs' | 'startMs' | 'onState'>> & {
  readonly from?: number;
};

/** Connects a device that was enrolled. */
export const connect = (
  { origin: server, mqttOrigin: mqttServer }: Target,
  enrolled: Enrolled,
  wayIn: WayIn,
  { startMs = Date.now() - hourMs, ...options }: Omit<FleetOptions, 'from'> = {},
): CountingDevice => new CountingDevice({ server, mqttServer, ...wayIn, ...enrolled, startMs, ...options });

/** Devices that count, one for each of `ways`, connected or about to be. */
export const makeFleet = async (
  milepost: Target,
  ways: readonly WayIn[],
  { from = 0, startMs = Date.now() - hourMs, ...options }: FleetOptions = {},
): Promise<CountingDevice[]> => {
  const enrolled = await enrol(milepost, ways.length, from);
  return enrolled.map((one, i) => connect(milepost, one, ways[i] as WayIn, { startMs, ...options }));
};

export const endFleet = async (devices: readonly CountingDevice[]): Promise<void> => {
  for (const device of devices) device.pause();
  await Promise.all(devices.map((device) => device.client.goodbye()));
};
