import { writeAudit } from '../audit/index.ts';
import type { Erasures } from '../erasure/index.ts';
import { type Clock, OperationalError } from '../kernel/index.ts';
import { forgetPerson } from '../oauth/index.ts';
import { announcePeople, type People } from '../people/index.ts';
import type { Registry } from '../registry/index.ts';
import type { Consents } from '../sharing/index.ts';
import { type Storage, systemActor, type Transaction } from '../storage/index.ts';
import { decideErasure } from './decide-erasure.ts';
import { personErasureLimits } from './limits.ts';
import * as person from './store-person.ts';
import * as store from './store.ts';
import type { Blocker, ErasedLine, ErasureCommand, ErasureStage, KnownErasure, StaysLine } from './types.ts';

export interface RunOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly registry: Pick<Registry, 'directory' | 'possessions' | 'catchUp'>;
  readonly consents: Pick<Consents, 'endGrantsOfPerson'>;
  readonly erasures: Pick<Erasures, 'erase' | 'list' | 'erasedPeople' | 'keepErasedPerson'>;
  readonly people: Pick<People, 'mails' | 'sessions'>;
  /** Until when what has to stay stays. */
  readonly keptDays: { readonly log: number; readonly audit: number; readonly receipts: number };
}

export const actor = systemActor('person erasure');
const dayMs = 86_400_000;
const nobody = { personNo: null, address: '' } as const;
/** Words of the ledger's line: an id, which says nothing of whose it was. */
const whyOf = ({ id }: KnownErasure): string => `person erasure ${id}`;

/** What has to stay, and until when. */
const staysAt = ({ keptDays }: RunOptions, nowMs: number): StaysLine[] => [
  { what: 'audit_log', why: 'security', untilMs: nowMs + keptDays.audit * dayMs },
  { what: 'consents', why: 'proof_of_consent', untilMs: null },
  { what: 'receipts', why: 'use_of_partners', untilMs: nowMs + keptDays.receipts * dayMs },
  { what: 'possession', why: 'cuts_reads', untilMs: null },
  { what: 'vehicles', why: 'not_personal', untilMs: null },
  { what: 'ledger', why: 'keeps_erased', untilMs: null },
  { what: 'log', why: 'ages_out', untilMs: nowMs + keptDays.log * dayMs },
  { what: 'history_files', why: 'next_merge', untilMs: null },
  { what: 'database_files', why: 'ages_out', untilMs: null },
  { what: 'backups', why: 'kept_by_operator', untilMs: null },
  { what: 'export_topic', why: 'kept_by_operator', untilMs: null },
  { what: 'mails', why: 'sent_already', untilMs: null },
];

/** What one erasure does, stage by stage. Each may be run again from its beginning: it comes to the same end. */
export class ErasureRun {
  readonly #options: RunOptions;
  readonly #worker: string;

  constructor(options: RunOptions, worker: string) {
    this.#options = options;
    this.#worker = worker;
  }

  /** From where it is to its end. Answers the organisations that keep it from beginning. */
  async run(taken: KnownErasure): Promise<readonly Blocker[]> {
    let erasure = taken;
    if (erasure.state === 'waiting' || erasure.state === 'held') {
      const begun = await this.#begin(erasure.id);
      if ('blockers' in begun) return begun.blockers;
      erasure = begun.erasure;
    }
    while (erasure.state !== 'done' && erasure.state !== 'taken_back') {
      const { state } = erasure;
      if (state === 'releasing') erasure = await this.#release(erasure);
      else if (state === 'clearing') erasure = await this.#clear(erasure);
      else erasure = await this.#forget(erasure);
    }
    return [];
  }

  /** Nobody gets in any more: in one transaction with the look at who else is in charge. */
  async #begin(id: string): Promise<{ readonly erasure: KnownErasure } | { readonly blockers: readonly Blocker[] }> {
    const { storage, clock, people } = this.#options;
    const nowMs = clock.now();
    const begun = await storage.withActor(actor, async (tx) => {
      const erasure = await this.#lock(tx, { id });
      const of = await person.readForgotten(tx, erasure.personNo);
      const blockers = await person.readBlockers(tx, erasure.personNo, true);
      if (blockers.length > 0) {
        const organisations = blockers.map(({ organisationId }) => organisationId);
        const step = decideErasure(erasure, { kind: 'hold', organisations }, nowMs);
        if (step) {
          await store.writeStep(tx, erasure, step);
          await this.#audit(tx, 'erasure_held', erasure, nowMs);
        }
        return { blockers };
      }
      const found = await person.countPeriods(tx, erasure.personNo);
      const appAccess = await forgetPerson(tx, of.personId, of.email);
      const erased: ErasedLine[] = [
        ...(await person.closeAccount(tx, of, nowMs)),
        { what: 'app_access', count: appAccess, method: 'deleted' },
      ];
      await announcePeople(tx, [erasure.personNo]);
      await this.#audit(tx, 'erasure_begun', erasure, nowMs);
      return { erasure: await this.#step(tx, erasure, { kind: 'begin', erased, found }) };
    });
    if ('erasure' in begun) people.sessions.remembered.forget([begun.erasure.personNo]);
    return begun;
  }

  /** Vehicles are nobody's, and nobody reads by what was given. */
  async #release(erasure: KnownErasure): Promise<KnownErasure> {
    const { registry, consents, erasures } = this.#options;
    const { id, personNo, personId, askedMs } = erasure;
    // From here on it is never taken back, and a restore does it again.
    await erasures.keepErasedPerson({ id, personId, requestedAtMs: askedMs });
    // Another process may have let them claim a vehicle a moment ago.
    await registry.catchUp();
    await consents.endGrantsOfPerson(personNo);
    // A list of its own: each release changes what it is taken from.
    const vehicleNos = [...registry.possessions.directory.vehiclesOfPerson(personNo)];
    for (const vehicleNo of vehicleNos) {
      await this.#keepLease(erasure);
      const vehicle = registry.directory.vehicleByNo(vehicleNo);
      if (vehicle) await registry.possessions.release(vehicle.id, personNo, nobody);
    }
    return this.#pass(erasure, 'releasing', async (tx) => person.countReleased(tx, personNo));
  }

  /** What vehicles told in the person's time: into the ledger, which hides it now and keeps it from coming back. */
  async #clear(erasure: KnownErasure): Promise<KnownErasure> {
    const { registry, erasures, clock } = this.#options;
    const { personNo } = erasure;
    // Another process may have released them.
    await registry.catchUp();
    const why = whyOf(erasure);
    let periods = 0;
    for (const vehicleNo of registry.possessions.directory.vehiclesOfPerson(personNo)) {
      await this.#keepLease(erasure);
      const vehicle = registry.directory.vehicleByNo(vehicleNo);
      if (!vehicle) continue;
      const known = new Set(erasures.list(vehicle.id).flatMap((line) => (line.why === why ? [`${line.fromMs}`] : [])));
      for (const period of registry.possessions.directory.periods(vehicleNo)) {
        if (period.holder.kind !== 'person' || period.holder.personNo !== personNo) continue;
        const fromMs = Math.max(0, period.fromMs);
        const toMs = Math.min(period.toMs, vehicle.endedAt ?? Number.POSITIVE_INFINITY, clock.now());
        if (toMs <= fromMs) continue;
        periods++;
        if (!known.has(String(fromMs))) await erasures.erase({ vehicleId: vehicle.id, fromMs, toMs, why });
      }
    }
    return this.#pass(erasure, 'clearing', async (tx, { steps }) => [
      { what: 'vehicle_periods', count: periods, method: 'ledger' },
      ...steps.flatMap((step) => (step.kind === 'begun' ? step.found : [])),
      await person.removeDeliveries(tx, personNo),
    ]);
  }

  /** Who it was: the last stage, in one transaction with the report. */
  async #forget(erasure: KnownErasure): Promise<KnownErasure> {
    const { storage, clock, people } = this.#options;
    const { email, language, name } = await storage.withActor(actor, (tx) => person.readForgotten(tx, erasure.personNo));
    // Who cannot be written to is erased all the same.
    const mail = { kind: 'erasureBegun', person: { email, language, name }, page: '/erasure' } as const;
    await people.mails.tellErasure(mail).catch(() => undefined);
    const done = await this.#pass(erasure, 'forgetting', async (tx, locked) => {
      const of = await person.readForgotten(tx, erasure.personNo);
      await store.writeStays(tx, locked.id, staysAt(this.#options, clock.now()));
      const lines = await person.blankPerson(tx, of, `${of.personId}@erased.invalid`);
      await this.#audit(tx, 'person_erased', locked, clock.now());
      await announcePeople(tx, [erasure.personNo]);
      return lines;
    });
    people.sessions.remembered.forget([erasure.personNo]);
    return done;
  }

  async #pass(
    { id }: KnownErasure,
    stage: ErasureStage,
    finish: (tx: Transaction, erasure: KnownErasure) => Promise<readonly ErasedLine[]>,
  ): Promise<KnownErasure> {
    return this.#options.storage.withActor(actor, async (tx) => {
      const erasure = await this.#lock(tx, { id });
      const probe = decideErasure(erasure, { kind: 'pass', stage, erased: [] }, 0);
      // Another process has done it meanwhile.
      if (!probe) return erasure;
      return this.#step(tx, erasure, { kind: 'pass', stage, erased: await finish(tx, erasure) });
    });
  }

  async #lock(tx: Transaction, filter: store.ErasureFilter): Promise<KnownErasure> {
    const erasure = await store.readErasure(tx, filter, true);
    if (!erasure) throw new OperationalError('unavailable', 'the erasure is not there any more');
    return erasure;
  }

  async #step(tx: Transaction, erasure: KnownErasure, command: ErasureCommand): Promise<KnownErasure> {
    const step = decideErasure(erasure, command, this.#options.clock.now());
    return step ? store.writeStep(tx, erasure, step) : erasure;
  }

  async #keepLease({ id }: KnownErasure): Promise<void> {
    const { storage, clock } = this.#options;
    const untilMs = clock.now() + personErasureLimits.leaseMs;
    if (await storage.withActor(actor, (tx) => store.keepLease(tx, id, this.#worker, untilMs))) return;
    throw new OperationalError('superseded', 'another process goes on with this erasure');
  }

  async #audit(
    tx: Transaction,
    act: 'erasure_held' | 'erasure_begun' | 'person_erased',
    { id, personId, personNo }: KnownErasure,
    nowMs: number,
  ): Promise<void> {
    await writeAudit(tx, { act, personNo: null, subject: personId, subjectPersonNo: personNo, detail: { erasure: id } }, nowMs);
  }
}
