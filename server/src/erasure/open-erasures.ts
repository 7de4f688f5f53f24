import { randomBytes } from 'node:crypto';
import { CallerError, type Clock, invalidField, type Logger, OperationalError } from '../kernel/index.ts';
import type { Registry } from '../registry/index.ts';
import { type Storage, type Subscription, systemActor } from '../storage/index.ts';
import { appendLedger, readLedger } from './ledger-file.ts';
import { announceErasures, erasureChannel, insertErasures, readErasures } from './store.ts';
import {
  type ErasedPeriod,
  type ErasedPerson,
  type EraseRequest,
  type Erasure,
  type Erasures,
  isErasedPerson,
  type LedgerLine,
} from './types.ts';

export interface ErasuresOptions {
  readonly storage: Storage;
  readonly registry: Pick<Registry, 'directory' | 'catchUp'>;
  /** `erasures.ndjson` of the data folder. */
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const whyCharactersMax = 500;
/** More would slow down every question of the vehicles; ask for longer periods. */
const erasuresMax = 100_000;
const actor = systemActor('erasure');
/** After which what could not be read is read again. */
const readAgainAfterMs = 2000;

const checkPeriod = ({ fromMs = 0, toMs }: EraseRequest, nowMs: number): { readonly fromMs: number; readonly toMs: number } => {
  const end = toMs ?? nowMs;
  if (!Number.isSafeInteger(fromMs) || fromMs < 0) throw invalidField('from', fromMs, 'a moment since 1970');
  if (!Number.isSafeInteger(end) || end > nowMs) throw invalidField('to', end, 'a moment that is not in the future');
  if (end <= fromMs) throw invalidField('to', end, `a moment after from (${fromMs})`);
  return { fromMs, toMs: end };
};

class Ledger implements Erasures {
  readonly #options: ErasuresOptions;
  readonly #erasures: Erasure[];
  readonly #byVehicle = new Map<number, ErasedPeriod[]>();
  readonly #listeners = new Set<(period: ErasedPeriod) => void>();
  readonly #ids = new Set<string>();
  readonly #people: ErasedPerson[];
  /** Lines of the file are written one after the other. */
  #appending: Promise<void> = Promise.resolve();
  /** What other processes erase is read one time after the other. */
  #reading: Promise<void> = Promise.resolve();
  #cancelReading: () => void = () => {};
  #subscription: Subscription | undefined;
  #isClosed = false;

  constructor(options: ErasuresOptions, erasures: readonly Erasure[], people: readonly ErasedPerson[]) {
    this.#options = options;
    this.#people = [...people];
    this.#erasures = [...erasures];
    for (const erasure of erasures) {
      this.#ids.add(erasure.id);
      this.#index(erasure);
    }
  }

  /** Hears what other processes erase; what could not be read is read again. */
  async follow(): Promise<void> {
    const { storage, clock, logger } = this.#options;
    const read = (): void => {
      if (this.#isClosed) return;
      this.#reading = this.#reading
        .then(() => this.#readOthers())
        .catch((error: unknown) => {
          logger.error('erasures of other processes could not be read', { error });
          this.#cancelReading();
          this.#cancelReading = clock.after(readAgainAfterMs, read);
        });
    };
    this.#subscription = await storage.listen(erasureChannel, read, read);
    // What was erased between the reading at the start and now.
    read();
    await this.#reading;
  }

  async catchUp(): Promise<void> {
    await this.#subscription?.catchUp();
    await this.#reading;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelReading();
    await this.#subscription?.close();
    await this.#reading;
  }

  async #readOthers(): Promise<void> {
    const { storage, registry } = this.#options;
    const unheard = (await storage.withActor(actor, readErasures)).filter(({ id }) => !this.#ids.has(id));
    // Its vehicle may be new, too, and has to be known when it is taken.
    const isNew = unheard.some(({ vehicleId }) => !registry.directory.vehicleById(vehicleId));
    if (isNew && !(await registry.catchUp())) throw new OperationalError('unavailable', 'vehicles cannot be heard of now');
    for (const erasure of unheard) await this.#take(erasure);
  }

  /** From here on it counts, whatever happens to the file: the next start writes what is missing there. */
  async #take(erasure: Erasure): Promise<void> {
    if (this.#ids.has(erasure.id)) return;
    this.#ids.add(erasure.id);
    this.#erasures.push(erasure);
    const period = this.#index(erasure);
    if (period) for (const listener of this.#listeners) listener(period);
    await this.#append(erasure);
  }

  async #append(line: LedgerLine): Promise<void> {
    const appending = this.#appending.then(() => appendLedger(this.#options.file, [line]));
    this.#appending = appending.catch(() => {});
    await appending;
  }

  erasedPeople(): readonly ErasedPerson[] {
    return this.#people;
  }

  async keepErasedPerson(line: ErasedPerson): Promise<void> {
    if (this.#people.some(({ id }) => id === line.id)) return;
    await this.#append(line);
    this.#people.push(line);
  }

  #index({ vehicleId, fromMs, toMs }: Erasure): ErasedPeriod | undefined {
    const vehicle = this.#options.registry.directory.vehicleById(vehicleId);
    if (!vehicle) return undefined;
    const period = { vehicleNo: vehicle.vehicleNo, fromMs, toMs };
    const known = this.#byVehicle.get(vehicle.vehicleNo);
    if (known) known.push(period);
    else this.#byVehicle.set(vehicle.vehicleNo, [period]);
    return period;
  }

  async erase(request: EraseRequest): Promise<Erasure> {
    const { storage, registry, clock } = this.#options;
    const nowMs = clock.now();
    const why = request.why ?? '';
    if (why.length > whyCharactersMax) throw invalidField('why', `${why.length} characters`, `at most ${whyCharactersMax}`);
    if (!registry.directory.vehicleById(request.vehicleId))
      throw new CallerError('not_found', 'there is no vehicle with this id');
    if (this.#erasures.length >= erasuresMax)
      throw new CallerError('too_many_requests', `there are ${erasuresMax} erasures already`);
    const id = `era_${randomBytes(12).toString('hex')}`;
    const erasure = { id, vehicleId: request.vehicleId, ...checkPeriod(request, nowMs), requestedAtMs: nowMs, why };
    await storage.withActor(actor, async (tx) => {
      await insertErasures(tx, [erasure]);
      await announceErasures(tx);
    });
    await this.#take(erasure);
    return erasure;
  }

  list(vehicleId?: string): readonly Erasure[] {
    return vehicleId === undefined ? this.#erasures : this.#erasures.filter((erasure) => erasure.vehicleId === vehicleId);
  }

  periods(): readonly ErasedPeriod[] {
    return [...this.#byVehicle.values()].flat();
  }

  periodsOf(vehicleNo: number): readonly ErasedPeriod[] {
    return this.#byVehicle.get(vehicleNo) ?? [];
  }

  isErased(vehicleNo: number, timeMs: number): boolean {
    return this.periodsOf(vehicleNo).some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs);
  }

  onErased(callback: (period: ErasedPeriod) => void): () => void {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  }

  unknownCount(): number {
    return this.#erasures.filter(({ vehicleId }) => !this.#options.registry.directory.vehicleById(vehicleId)).length;
  }
}

/** Joins both ledgers: an older database gets the lines of the file, an older file the rows of the database. */
export const openErasures = async (options: ErasuresOptions): Promise<Erasures> => {
  const { storage, registry, file, logger } = options;
  const lines = await readLedger(file);
  const written = lines.filter((line): line is Erasure => !isErasedPerson(line));
  const stored = await storage.withActor(actor, async (tx) => {
    const known = new Set((await readErasures(tx)).map(({ id }) => id));
    const missing = written.filter(({ id }) => !known.has(id));
    await insertErasures(tx, missing);
    return readErasures(tx);
  });
  const inFile = new Set(written.map(({ id }) => id));
  await appendLedger(
    file,
    stored.filter(({ id }) => !inFile.has(id)),
  );
  const inDatabase = new Set(stored.map(({ id }) => id));
  const unknown = written.filter(({ id }) => !inDatabase.has(id));
  const lost = unknown.filter(({ vehicleId }) => !registry.directory.vehicleById(vehicleId)).length;
  if (lost > 0)
    logger.warn('the ledger has erasures of vehicles that the registry does not know: they are kept', { count: lost });
  const ledger = new Ledger(options, [...stored, ...unknown], lines.filter(isErasedPerson));
  await ledger.follow();
  return ledger;
};
