import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the simulator must know again after a restart. */
export interface Membership {
  readonly imei: string;
  readonly vehicleId: string;
  readonly deviceId: string;
  readonly secret: string;
  /** Everything before was acknowledged. */
  readonly sentUntilMs?: number;
}
/** By VIN. */
export type Memberships = Record<string, Membership>;

const fileName = 'simulator.json';

export const readState = (folder: string): Memberships => {
  try {
    return (JSON.parse(readFileSync(join(folder, fileName), 'utf8')) as { vehicles: Memberships }).vehicles;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`${join(folder, fileName)} cannot be read: ${(error as Error).message}`, { cause: error });
  }
};

/** Written beside and then renamed, so that a kill leaves the old one or the new one. It holds secrets: 0600. */
export const writeState = (folder: string, vehicles: Memberships): void => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, fileName);
  writeFileSync(`${path}.new`, `${JSON.stringify({ vehicles }, undefined, 1)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
};
