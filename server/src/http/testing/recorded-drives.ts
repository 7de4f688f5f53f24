import assert from 'node:assert/strict';
import type { TripView } from '@milepost/contract/api';
import type { TripSamples } from '../../trips/index.ts';
import { readTwizyTrips } from '../../trips/testing/recorded-samples.ts';
import type { TestServer } from './open-test-server.ts';
import type { RecordedDevice, Said } from './recorded-device.ts';

export const dayMs = 86_400_000;
export const iso = (ms: number): string => new Date(ms).toISOString();
export const startOf = ({ times }: TripSamples): number => times[0] as number;
export const endOf = ({ times }: TripSamples): number => times.at(-1) as number;
/** Start of the day (UTC) on which it begins. */
export const dayOf = (samples: TripSamples): number => Math.floor(startOf(samples) / dayMs) * dayMs;

/** A recorded drive of a Renault Twizy. */
export const recordedDrive = (name: string): TripSamples => {
  const samples = readTwizyTrips().get(name);
  assert.ok(samples, name);
  return samples;
};

/** The same drive at another time. */
export const startingAt = (samples: TripSamples, startMs: number): TripSamples => ({
  ...samples,
  times: samples.times.map((time) => time - startOf(samples) + startMs),
});

const saidBy = ({ times, speedKmh, latitude, longitude, energyPercent }: TripSamples, from: number, to: number): Said[] =>
  Array.from({ length: Math.min(to, times.length) - from }, (_, i) => ({
    time: times[from + i] as number,
    signals: {
      'Vehicle.Speed': speedKmh[from + i] as number,
      'Vehicle.CurrentLocation.Latitude': latitude[from + i] as number,
      'Vehicle.CurrentLocation.Longitude': longitude[from + i] as number,
      'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': energyPercent[from + i] as number,
    },
  }));

const samplesPerReport = 500;

export const sendDrive = async (
  device: RecordedDevice,
  samples: TripSamples,
  from = 0,
  to = samples.times.length,
): Promise<void> => {
  for (let at = from; at < to; at += samplesPerReport) {
    const report = saidBy(samples, at, Math.min(to, at + samplesPerReport));
    const { stored, rejected } = await device.sendBinary(report);
    assert.deepEqual([stored, rejected], [report.length, []]);
  }
};

export const tripsOf = async (
  server: TestServer,
  vehicleId: string,
  query: Record<string, string> = {},
): Promise<readonly TripView[]> => {
  const { status, text, json } = await server.ask('listTrips', { id: vehicleId, query });
  assert.equal(status, 200, text);
  return json.items;
};
