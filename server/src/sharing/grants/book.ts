import type { GrantReader } from './types.ts';
import { asOf } from './decide-grant.ts';
import { grantLimits } from './limits.ts';
import type { StoredGrant } from './stored.ts';

/** Grants in memory: all that live, and those that ended not long ago. Complete and kept up to date; a grant ends at its moment here. */
export interface GrantBook {
  byId(id: string): StoredGrant | undefined;
  /** Of a reader and a vehicle, oldest first. */
  of(reader: GrantReader, vehicleNo: number): readonly StoredGrant[];
  /** Vehicles of which a reader has, or had, a grant. */
  vehiclesOf(reader: GrantReader): Iterable<number>;
  ofVehicle(vehicleNo: number): readonly StoredGrant[];
  all(): Iterable<StoredGrant>;
  /** Grows with every change. */
  version(): number;
  /** Vehicles that changed after a version; undefined: too many to tell. */
  changedSince(version: number): readonly number[] | undefined;
  /** false: changes may be missing, so nobody may be answered by a grant. */
  isHeard(): boolean;
  /** Next moment at which a grant ends by itself, ms; Infinity: none. */
  nextExpiryMs(): number;
  onChange(callback: (grants: readonly StoredGrant[]) => void): () => void;
}

export interface WritableGrantBook extends GrantBook {
  /** What is older than what is known is passed over. */
  put(grants: readonly StoredGrant[]): void;
  /** Everything: what is not given is no more. */
  replace(grants: readonly StoredGrant[]): void;
  /** Grants whose time was over before now count as changed once. */
  noteExpired(): readonly StoredGrant[];
}

const none: readonly StoredGrant[] = [];
const keyOf = (reader: GrantReader): string => (reader.kind === 'app' ? `app:${reader.appNo}` : `person:${reader.personNo}`);

class Book implements WritableGrantBook {
  readonly #now: () => number;
  readonly #isHeard: () => boolean;
  readonly #byNo = new Map<number, StoredGrant>();
  readonly #byId = new Map<string, number>();
  readonly #byReader = new Map<string, Map<number, StoredGrant[]>>();
  readonly #byVehicle = new Map<number, StoredGrant[]>();
  readonly #changes: number[] = [];
  readonly #listeners = new Set<(grants: readonly StoredGrant[]) => void>();
  readonly #expired = new Set<number>();
  #version = 1;
  #nextExpiryMs = Number.POSITIVE_INFINITY;

  constructor(now: () => number, isHeard: () => boolean) {
    this.#now = now;
    this.#isHeard = isHeard;
  }

  byId(id: string): StoredGrant | undefined {
    const grant = this.#byNo.get(this.#byId.get(id) ?? 0);
    return grant && this.#asOf(grant);
  }

  of(reader: GrantReader, vehicleNo: number): readonly StoredGrant[] {
    return this.#byReader.get(keyOf(reader))?.get(vehicleNo)?.map(this.#asOf) ?? none;
  }

  vehiclesOf(reader: GrantReader): Iterable<number> {
    return this.#byReader.get(keyOf(reader))?.keys() ?? [];
  }

  ofVehicle(vehicleNo: number): readonly StoredGrant[] {
    return this.#byVehicle.get(vehicleNo)?.map(this.#asOf) ?? none;
  }

  *all(): Generator<StoredGrant> {
    for (const grant of this.#byNo.values()) yield this.#asOf(grant);
  }

  version(): number {
    // A grant ends at its moment, whether or not a timer has said so.
    if (this.#now() >= this.#nextExpiryMs) this.noteExpired();
    return this.#version;
  }

  changedSince(version: number): readonly number[] | undefined {
    const missed = this.version() - version;
    if (missed > this.#changes.length) return undefined;
    return missed <= 0 ? [] : [...new Set(this.#changes.slice(-missed))];
  }

  isHeard(): boolean {
    return this.#isHeard();
  }

  nextExpiryMs(): number {
    return this.#nextExpiryMs;
  }

  onChange(callback: (grants: readonly StoredGrant[]) => void): () => void {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  }

  put(grants: readonly StoredGrant[]): void {
    const news = grants.filter((grant) => (this.#byNo.get(grant.grantNo)?.revision ?? 0) < grant.revision);
    for (const grant of news) this.#put(grant);
    this.#changed(news);
  }

  replace(grants: readonly StoredGrant[]): void {
    const kept = new Set(grants.map(({ grantNo }) => grantNo));
    // Nobody deletes a grant that goes on: one that is not among them was given after they were read.
    const gone = [...this.#byNo.values()].filter((grant) => !kept.has(grant.grantNo) && this.#asOf(grant).state === 'ended');
    for (const grant of gone) this.#remove(grant);
    this.put(grants);
    this.#changed(gone);
  }

  noteExpired(): readonly StoredGrant[] {
    const nowMs = this.#now();
    const over = [...this.#byNo.values()].filter(
      ({ state, untilMs, grantNo }) => state !== 'ended' && untilMs !== null && untilMs <= nowMs && !this.#expired.has(grantNo),
    );
    for (const { grantNo } of over) this.#expired.add(grantNo);
    this.#nextExpiryMs = Number.POSITIVE_INFINITY;
    for (const grant of this.#byNo.values()) this.#awaitEnd(grant);
    this.#changed(over.map(this.#asOf));
    return over;
  }

  readonly #asOf = (grant: StoredGrant): StoredGrant => {
    const now = asOf(grant, this.#now());
    return now === grant ? grant : { ...grant, ...now };
  };

  #awaitEnd({ state, untilMs, grantNo }: StoredGrant): void {
    if (state === 'ended' || untilMs === null || this.#expired.has(grantNo)) return;
    this.#nextExpiryMs = Math.min(this.#nextExpiryMs, untilMs);
  }

  #put(grant: StoredGrant): void {
    const known = this.#byNo.get(grant.grantNo);
    if (known) this.#remove(known);
    this.#byNo.set(grant.grantNo, grant);
    this.#byId.set(grant.id, grant.grantNo);
    this.#awaitEnd(grant);
    const key = keyOf(grant.reader);
    let ofReader = this.#byReader.get(key);
    if (!ofReader) this.#byReader.set(key, (ofReader = new Map<number, StoredGrant[]>()));
    const indices: readonly Map<number, StoredGrant[]>[] = [ofReader, this.#byVehicle];
    for (const index of indices) {
      const grants = [...(index.get(grant.vehicleNo) ?? none), grant];
      index.set(
        grant.vehicleNo,
        grants.sort((a, b) => a.grantNo - b.grantNo),
      );
    }
  }

  #remove({ grantNo, id, reader, vehicleNo }: StoredGrant): void {
    this.#byNo.delete(grantNo);
    this.#byId.delete(id);
    this.#expired.delete(grantNo);
    const ofReader = this.#byReader.get(keyOf(reader));
    for (const index of [ofReader, this.#byVehicle]) {
      const left = index?.get(vehicleNo)?.filter((one) => one.grantNo !== grantNo) ?? none;
      if (left.length > 0) index?.set(vehicleNo, [...left]);
      else index?.delete(vehicleNo);
    }
    if (ofReader?.size === 0) this.#byReader.delete(keyOf(reader));
  }

  #changed(grants: readonly StoredGrant[]): void {
    if (grants.length === 0) return;
    for (const { vehicleNo } of grants) {
      this.#version++;
      this.#changes.push(vehicleNo);
    }
    this.#changes.splice(0, Math.max(0, this.#changes.length - grantLimits.changesKept));
    for (const listener of this.#listeners) listener(grants);
  }
}

export const makeGrantBook = (now: () => number, isHeard: () => boolean): WritableGrantBook => new Book(now, isHeard);
