import { sql } from 'kysely';
import { type Storage, systemActor, type Transaction } from '../storage/index.ts';
import { sandboxLimits } from './limits.ts';
import type { SandboxCar } from './types.ts';

const actor = systemActor('sandbox');
const at = (ms: number): string => new Date(ms).toISOString();
const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);
const columns = sql`vehicle_no as "vehicleNo", app_no as "appNo", person_no as "personNo", device_no as "deviceNo", step,
  ${ms('made_at')} as "madeMs", ${ms('drives_until')} as "drivesUntilMs"`;

const within = <T>(storage: Storage, run: (tx: Transaction) => Promise<T>): Promise<T> => storage.withActor(actor, run);

/** Oldest first. `asPersonNo`: as that person, whom row-level security shows those of the own partners alone. */
export const listCars = (storage: Storage, appNo: number, asPersonNo: number | null = null): Promise<SandboxCar[]> =>
  storage.withActor(asPersonNo === null ? actor : { kind: 'person', id: String(asPersonNo) }, async (tx) => {
    const { rows } = await sql<SandboxCar>`select ${columns} from sandbox_cars
      where app_no = ${appNo} and ended_at is null order by made_at, vehicle_no`.execute(tx);
    return rows;
  });

/** Why there is no room for another; undefined: there is. */
export const roomFor = (storage: Storage, appNo: number, personNo: number): Promise<string | undefined> =>
  within(storage, async (tx) => {
    const { rows } = await sql<{ app: number; person: number; all: number }>`select
        (count(*) filter (where app_no = ${appNo}))::int as app, (count(*) filter (where person_no = ${personNo}))::int as person,
        count(*)::int as all from sandbox_cars where ended_at is null`.execute(tx);
    const { app = 0, person = 0, all = 0 } = rows[0] ?? {};
    if (app >= sandboxLimits.carsPerAppMax) return `a sandbox has at most ${sandboxLimits.carsPerAppMax} cars`;
    if (person >= sandboxLimits.carsPerPersonMax)
      return `a person has at most ${sandboxLimits.carsPerPersonMax} cars in sandboxes`;
    return all >= sandboxLimits.carsMax ? 'all sandboxes together have as many cars as they may' : undefined;
  });

/** False: others were made meanwhile, and there is no room any more. */
export const insertCar = (storage: Storage, car: Omit<SandboxCar, 'step' | 'drivesUntilMs'>): Promise<boolean> =>
  within(storage, async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('milepost sandbox cars'))`.execute(tx);
    const { vehicleNo, appNo, personNo, deviceNo, madeMs } = car;
    const { carsPerAppMax, carsPerPersonMax, carsMax } = sandboxLimits;
    const { rows } = await sql`insert into sandbox_cars (vehicle_no, app_no, person_no, device_no, made_at)
      select ${vehicleNo}, ${appNo}, ${personNo}, ${deviceNo}, ${at(madeMs)}
      where (select count(*) < ${carsMax} and count(*) filter (where app_no = ${appNo}) < ${carsPerAppMax}
        and count(*) filter (where person_no = ${personNo}) < ${carsPerPersonMax} from sandbox_cars where ended_at is null)
      returning 1`.execute(tx);
    return rows.length > 0;
  });

/** Answers the row that it tells now; undefined: it has ended. */
export const takeStep = (storage: Storage, vehicleNo: number): Promise<number | undefined> =>
  within(storage, async (tx) => {
    const { rows } = await sql<{ step: number }>`update sandbox_cars set step = step + 1
      where vehicle_no = ${vehicleNo} and ended_at is null returning step - 1 as step`.execute(tx);
    return rows[0]?.step;
  });

export const putDrive = (storage: Storage, vehicleNos: readonly number[], untilMs: number | null): Promise<void> =>
  within(storage, async (tx) => {
    await sql`update sandbox_cars set drives_until = ${untilMs === null ? null : at(untilMs)}
      where vehicle_no = any(${[...vehicleNos]}::int[])`.execute(tx);
  });

export const endCar = (storage: Storage, vehicleNo: number, nowMs: number): Promise<void> =>
  within(storage, async (tx) => {
    await sql`update sandbox_cars set ended_at = ${at(nowMs)}, drives_until = null where vehicle_no = ${vehicleNo}`.execute(tx);
  });
