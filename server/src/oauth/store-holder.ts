import { sql } from 'kysely';
import type { Storage } from '../storage/index.ts';
import { oauthActor } from './record-adapter.ts';

/** Id of the person who holds the vehicle with this VIN now. Undefined: there is no such vehicle, or a customer holds it. */
export const findHolderByVin = (storage: Storage, vin: string): Promise<string | undefined> =>
  storage.withActor(oauthActor, async (tx) => {
    const { rows } = await sql<{
      id: string;
    }>`select p.id from vehicles v join possessions s using (vehicle_no) join people p using (person_no)
      where v.vin = ${vin} and v.ended_at is null and upper_inf(s.period) and p.ended_at is null`.execute(tx);
    return rows[0]?.id;
  });
