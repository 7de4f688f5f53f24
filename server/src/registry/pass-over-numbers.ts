import { sql } from 'kysely';
import { type Storage, systemActor } from '../storage/index.ts';

export interface NumbersInUse {
  readonly vehicleNoMax: number;
  readonly deviceNoMax: number;
}

/**
 * Numbers up to these are not given to anything new: something that the registry does not know bore them. Happens when a database was
 * restored to a moment before the end of the log. Answers which of the two had to be moved.
 */
export const passOverNumbers = async (
  storage: Storage,
  { vehicleNoMax, deviceNoMax }: NumbersInUse,
): Promise<{ readonly vehicles: boolean; readonly devices: boolean }> =>
  storage.withActor(systemActor('numbers'), async (tx) => {
    const { rows } = await sql<{ vehicles: boolean; devices: boolean }>`select
      (select last_value < ${vehicleNoMax} from vehicles_vehicle_no_seq) as vehicles,
      (select last_value < ${deviceNoMax} from devices_device_no_seq) as devices`.execute(tx);
    const behind = rows[0] ?? { vehicles: false, devices: false };
    if (behind.vehicles) await sql`select setval('vehicles_vehicle_no_seq', ${vehicleNoMax})`.execute(tx);
    if (behind.devices) await sql`select setval('devices_device_no_seq', ${deviceNoMax})`.execute(tx);
    return behind;
  });
