import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the simulator must know again after a restart. */
export interface Membership {
  readonly imei: string;
  readonly vehicleId: string;
  readonly deviceId: string;
  readonly secret: string;
  /** Everything before was acknowledged, but for what is missing. */
  readonly sentUntilMs?: number;
  /** Periods of the past that its tracker still has to send, ms, the end exclusive. */
  readonly missing?: readonly Period[];
  /** Of the lost one: its last sample at the latest. */
  readonly lostMs?: number;
}
export type Period = readonly [fromMs: number, toMs: number];

/** By VIN. */
export type Memberships = Record<string, Membership>;
export interface SimulatorState {
  readonly vehicles: Memberships;
  /** Drivers and schedules were made, and a first report. */
  readonly hasLife?: boolean;
}

const fileName = 'simulator.json';

export const readState = (folder: string): SimulatorState => {
  try {
    return JSON.parse(readFileSync(join(folder, fileName), 'utf8')) as SimulatorState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { vehicles: {} };
    throw new Error(`${join(folder, fileName)} cannot be read: ${(error as Error).message}`, { cause: error });
  }
};

/** Written beside and then renamed, so that a kill leaves the old one or the new one. It holds secrets: 0600. */
export const writeState = (folder: string, state: SimulatorState): void => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, fileName);
  writeFileSync(`${path}.new`, `${JSON.stringify(state, undefined, 1)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
};
