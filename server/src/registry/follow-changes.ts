import { sql } from 'kysely';
import type { Clock, Logger } from '../kernel/index.ts';
import { type Storage, type Subscription, systemActor, type Transaction } from '../storage/index.ts';
import type { WritableDirectory } from './directory.ts';
import type { WritableDriverDirectory } from './drivers/directory.ts';
import { readAssignments, readDrivers, readPrivatePeriods } from './drivers/rows.ts';
import type { WritablePossessionDirectory } from './possession/directory.ts';
import { readBrokenGlass, readPossessions } from './possession/store.ts';
import { type DeviceRecord, type NumberRange, only, readCustomers, readDevices, readMaxima, readVehicles } from './rows.ts';

const channel = 'milepost_registry';
const rowsPerPage = 20_000;
/** Reads at the same time: PostgreSQL makes the next page while we take the last one apart. */
const pagesAtOnce = 3;
/** What could not be read is tried again so long after. */
const retryMs = 500;

/** What was written, as ranges of numbers: a message has at most 8,000 bytes, however many rows there were. */
export interface WrittenRows {
  readonly customers: readonly NumberRange[];
  readonly vehicles: readonly NumberRange[];
  readonly devices: readonly NumberRange[];
  readonly drivers: readonly NumberRange[];
  /** Vehicles whose drivers or private periods changed. */
  readonly driverVehicles: readonly NumberRange[];
  /** Vehicles whose holders, or what staff saw of them, changed. */
  readonly possessions: readonly NumberRange[];
}

export const nothingWritten: WrittenRows = {
  customers: [],
  vehicles: [],
  devices: [],
  drivers: [],
  driverVehicles: [],
  possessions: [],
};

/** More numbers than these are told as ranges that hold them: reading a row too many does no harm. */
const rangesMax = 50;

/** At most 50 ranges: split where the gaps between the numbers are largest. */
export const rangesOf = (numbers: readonly number[]): readonly NumberRange[] => {
  if (numbers.length <= rangesMax) return numbers.map(only);
  const sorted = Int32Array.from(numbers).sort();
  const gaps = Array.from(sorted.subarray(1), (no, i) => ({ at: i + 1, size: no - (sorted[i] as number) }));
  const splits = gaps
    .filter(({ size }) => size > 1)
    .sort((a, b) => b.size - a.size)
    .slice(0, rangesMax - 1)
    .map(({ at }) => at)
    .sort((a, b) => a - b);
  const starts = [0, ...splits];
  return starts.map((start, i) => ({
    from: sorted[start] as number,
    to: sorted[(starts[i + 1] ?? sorted.length) - 1] as number,
  }));
};

/** Processes of an older version tell nothing of drivers and holders. */
interface Message extends Partial<WrittenRows> {
  /** The process that wrote, which has its own rows already. */
  readonly origin: string;
}

export const announce = async (tx: Transaction, origin: string, rows: WrittenRows): Promise<void> => {
  if (Object.values(rows).every((ranges: readonly NumberRange[]) => ranges.length === 0)) return;
  await sql`select pg_notify(${channel}, ${JSON.stringify({ origin, ...rows } satisfies Message)})`.execute(tx);
};

const actor = systemActor('directory');
const pages = (max: number): NumberRange[] => {
  const ranges: NumberRange[] = [];
  for (let from = 1; from <= max; from += rowsPerPage) ranges.push({ from, to: Math.min(max, from + rowsPerPage - 1) });
  return ranges;
};

export interface Target {
  readonly directory: WritableDirectory;
  readonly drivers: WritableDriverDirectory;
  readonly possessions: WritablePossessionDirectory;
  readonly nowMs: () => number;
  putDevice(row: DeviceRecord): void;
}

const loadDriverVehicles = (storage: Storage, { drivers }: Target, range: NumberRange): Promise<void> =>
  storage.withActor(actor, async (tx) =>
    drivers.putVehicles(range, await readAssignments(tx, range), await readPrivatePeriods(tx, range)),
  );

const loadPossessions = (storage: Storage, { possessions, nowMs }: Target, range: NumberRange): Promise<void> =>
  storage.withActor(actor, async (tx) =>
    possessions.putVehicles(range, await readPossessions(tx, range), await readBrokenGlass(tx, range, nowMs())),
  );

/**
 * Customers before vehicles before devices and drivers, so whoever hears of one finds what it belongs to. Holders before vehicles: at no moment
 * does a vehicle that changed hands seem to have been its new customer's from ever.
 */
const load = async (storage: Storage, target: Target, ranges: WrittenRows): Promise<void> => {
  const each = async <T>(
    list: readonly NumberRange[],
    read: (tx: Transaction, range: NumberRange) => Promise<T[]>,
    put: (row: T) => void,
  ): Promise<void> => {
    for (let i = 0; i < list.length; i += pagesAtOnce) {
      const batch = list.slice(i, i + pagesAtOnce).map((range) => storage.withActor(actor, (tx) => read(tx, range)));
      for (const rows of await Promise.all(batch)) for (const row of rows) put(row);
    }
  };
  await each(ranges.customers, readCustomers, (row) => target.directory.putCustomer(row));
  for (const range of ranges.possessions) await loadPossessions(storage, target, range);
  await each(ranges.vehicles, readVehicles, (row) => target.directory.putVehicle(row));
  await each(ranges.devices, readDevices, (row) => target.putDevice(row));
  await each(ranges.drivers, readDrivers, (row) => target.drivers.putDriver(row));
  for (const range of ranges.driverVehicles) await loadDriverVehicles(storage, target, range);
};

const loadEverything = async (storage: Storage, target: Target): Promise<void> => {
  const maxima = await storage.withActor(actor, readMaxima);
  await load(storage, target, {
    customers: pages(maxima.customers),
    vehicles: pages(maxima.vehicles),
    devices: pages(maxima.devices),
    drivers: pages(maxima.drivers),
    driverVehicles: pages(maxima.vehicles),
    possessions: pages(maxima.vehicles),
  });
};

export interface Following extends Subscription {
  /** Reads rows that were just written, after whatever was heard before: so what is known never goes back. */
  reread(rows: Partial<WrittenRows>): Promise<void>;
  /** Reads rows, or everything, when it can: until then `catchUp` answers that not all is known. */
  readSurely(rows?: Partial<WrittenRows>): void;
}

export interface FollowParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names this process among those that write. */
  readonly origin: string;
}

/**
 * Fills the directory and keeps it up to date with what other processes write. Listening begins before loading, so nothing falls
 * between; revisions make it harmless to read a row twice. One change is read after the other, and what could not be read is read again.
 */
export const followChanges = async (
  storage: Storage,
  target: Target,
  { clock, logger, origin }: FollowParts,
): Promise<Following> => {
  let isClosed = false;
  let unread = 0;
  let queue: Promise<void> = Promise.resolve();
  const enqueue = (work: () => Promise<void>): Promise<void> => {
    const done = queue.then(work);
    queue = done.catch((error: unknown) => logger.error('the directory could not follow a change', { error }));
    return done;
  };
  const read = (rows: Partial<WrittenRows>): Promise<void> =>
    enqueue(() => load(storage, target, { ...nothingWritten, ...rows }));
  const readSurely = (rows?: Partial<WrittenRows>): void => {
    unread++;
    const attempt = (): void => {
      if (isClosed) return;
      (rows ? read(rows) : enqueue(() => loadEverything(storage, target))).then(
        () => void unread--,
        () => void clock.after(retryMs, attempt),
      );
    };
    attempt();
  };
  const notified = (payload: string): void => {
    const { origin: writer, ...rows } = JSON.parse(payload) as Message;
    if (writer !== origin) readSurely(rows);
  };
  const subscription = await storage.listen(channel, notified, () => readSurely());
  await loadEverything(storage, target);
  return {
    reread: read,
    readSurely,
    catchUp: async (waitMs) => {
      const isHeard = await subscription.catchUp(waitMs);
      await queue;
      return isHeard && unread === 0;
    },
    close: async () => {
      isClosed = true;
      await subscription.close();
      await queue;
    },
  };
};
