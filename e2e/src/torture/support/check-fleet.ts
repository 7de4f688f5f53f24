import assert from 'node:assert/strict';
import type { Target } from '../../support/start-milepost.ts';
import { type CountingDevice, speedOf } from './counting-device.ts';

export interface Tally {
  /** Reports that were acknowledged before the question was asked. */
  readonly acknowledged: number;
  /** Of these, how many history answered with, with their value. */
  readonly found: number;
}

interface HistoryPage {
  readonly times: readonly number[];
  readonly columns: Readonly<Record<string, readonly number[]>>;
  readonly next: string | null;
}

const questionsAtOnce = 8;
const stepsAhead = 1_000_000;

const readPage = async ({ origin, operatorToken }: Target, device: CountingDevice, query: string): Promise<HistoryPage> => {
  const response = await fetch(`${origin}/v1/vehicles/${device.vehicleId}/history?signals=Vehicle.Speed&${query}`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as HistoryPage;
};

/** One report can be read. Whoever does not answer does not show it. */
export const isShown = async (target: Target, device: CountingDevice, count: number): Promise<boolean> => {
  const period = `from=${device.timeOf(count)}&to=${device.timeOf(count + 1)}`;
  const page = await readPage(target, device, period).catch(() => undefined);
  return page?.times[0] === device.timeOf(count);
};

const readHistory = async (target: Target, device: CountingDevice): Promise<[number, number][]> => {
  const rows: [number, number][] = [];
  let next: string | null = '';
  while (next !== null) {
    const period = `from=${device.timeOf(0)}&to=${device.timeOf(stepsAhead)}`;
    const page = await readPage(target, device, `${period}${next && `&cursor=${next}`}`);
    const speeds = page.columns['Vehicle.Speed'] ?? [];
    page.times.forEach((time, i) => rows.push([time, speeds[i] as number]));
    next = page.next;
  }
  return rows;
};

/** Everything that was acknowledged to the device is in history with its value, and nothing is there twice. */
export const checkDevice = async (milepost: Target, device: CountingDevice): Promise<Tally> => {
  // What it hears of while the question is under way need not be in its answer.
  const { acked } = device;
  assert.deepEqual(device.refusals, [], 'nothing that the device said was refused or changed');
  const rows = await readHistory(milepost, device);
  const byTime = new Map(rows);
  assert.equal(byTime.size, rows.length, `each sample of ${device.vehicleId} is there once`);
  let found = 0;
  for (let count = 1; count <= acked; count++) if (byTime.get(device.timeOf(count)) === speedOf(count)) found++;
  assert.equal(found, acked, `of ${acked} reports acknowledged to ${device.vehicleId}, ${found} are in history`);
  return { acknowledged: acked, found };
};

/** The same for all of them, a few questions at a time. */
export const checkFleet = async (milepost: Target, devices: readonly CountingDevice[]): Promise<Tally> => {
  const waiting = [...devices];
  const total = { acknowledged: 0, found: 0 };
  const work = async (): Promise<void> => {
    for (let device = waiting.pop(); device; device = waiting.pop()) {
      const { acknowledged, found } = await checkDevice(milepost, device);
      total.acknowledged += acknowledged;
      total.found += found;
    }
  };
  await Promise.all(Array.from({ length: questionsAtOnce }, work));
  return total;
};
