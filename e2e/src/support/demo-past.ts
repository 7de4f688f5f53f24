import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Milepost } from './milepost.ts';
import { until } from './until.ts';

/** Some hundred thousand samples of the past come in little more than a minute when nobody else wants the machine. */
const completeWithinMs = 300_000;

interface SimulatorState {
  readonly hasLife?: boolean;
  readonly vehicles: Readonly<Record<string, { readonly missing?: readonly unknown[] }>>;
}

/** Periods of vehicles that the demo has still to tell of the past, by the simulator's own notes; undefined: it has not begun. */
export const readMissing = async ({ data }: Pick<Milepost, 'data'>): Promise<number | undefined> => {
  const text = await readFile(join(data, 'simulator.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { hasLife, vehicles } = JSON.parse(text) as SimulatorState;
  if (!hasLife) return undefined;
  return Object.values(vehicles).reduce((sum, { missing = [] }) => sum + missing.length, 0);
};

/** Waits until the demo has told two weeks of its past. */
export const untilPastIsTold = async (milepost: Pick<Milepost, 'data'>): Promise<void> => {
  await until(
    () => readMissing(milepost),
    (missing) => missing === 0,
    'the past is complete',
    completeWithinMs,
  );
};
