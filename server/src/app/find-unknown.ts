import type { Logger } from '../kernel/index.ts';
import type { Live } from '../live/index.ts';
import { type Directory, passOverNumbers } from '../registry/index.ts';
import type { Storage } from '../storage/index.ts';

export interface UnknownOptions {
  readonly live: Live;
  readonly directory: Directory;
  readonly storage: Storage;
  readonly logger: Logger;
}

/** How many vehicles the log speaks of that the registry does not know. */
export type UnknownVehicles = () => number;

/**
 * A registry that was restored to a moment before the end of the log does not know every vehicle of the log. What they reported stays stored
 * under their numbers, which nobody can ask for, and is there again when the registry knows them; the numbers are given to nothing else.
 */
export const findUnknown = async ({ live, directory, storage, logger }: UnknownOptions): Promise<UnknownVehicles> => {
  const count = (): number => {
    let unknown = 0;
    for (const vehicleNo of live.knownVehicles()) if (!directory.vehicleByNo(vehicleNo)) unknown++;
    return unknown;
  };
  let vehicleNoMax = 0;
  for (const vehicleNo of live.knownVehicles()) vehicleNoMax = Math.max(vehicleNoMax, vehicleNo);
  const moved = await passOverNumbers(storage, { vehicleNoMax, deviceNoMax: live.deviceNoMax() });
  let last = count();
  if (last > 0 || moved.vehicles || moved.devices) {
    logger.warn('the log speaks of vehicles or devices that the registry does not know: it was restored to an earlier moment', {
      vehicles: last,
      vehicleNoMax,
      deviceNoMax: live.deviceNoMax(),
    });
  }
  // None come up while the server runs: it takes reports of vehicles that it knows.
  return () => (last > 0 ? (last = count()) : 0);
};
