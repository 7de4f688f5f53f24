import type { Vocabulary } from '@milepost/contract';
import type { ConsentItem } from '@milepost/contract/api';
import { type AuditAct, writeAudit } from '../../audit/index.ts';
import { CallerError, type Clock, type Logger } from '../../kernel/index.ts';
import { makeId, type Random } from '../../registry/index.ts';
import { type Actor, type Storage, systemActor, type Transaction } from '../../storage/index.ts';
import { type GrantBook, makeGrantBook } from './book.ts';
import { checkReach, live, mayActFor, readerText } from './checks.ts';
import { GrantFollower } from './follow.ts';
import { checkItems } from './items.ts';
import { grantLimits } from './limits.ts';
import type { Narrowing, NewGrants } from './wanted.ts';
import { readPersonalGrants } from './of-person.ts';
import { readEvents } from './rows.ts';
import * as store from './store.ts';
import type { StoredGrant } from './stored.ts';
import type { Answer, EndReason, GrantCommand, Granter, GrantEvent, GrantReader, Holder } from './types.ts';

/** Who holds a vehicle now. */
export interface HolderSource {
  holderNow(vehicleNo: number): Holder | undefined;
}

export interface ConsentsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly vocabulary: () => Pick<Vocabulary, 'byPath'>;
  readonly possession: HolderSource;
}

const system = systemActor('grants');
const dayMs = 86_400_000;
const idPrefix = 'grt_';
const self = ({ personNo }: Granter): Actor => ({ kind: 'person', id: String(personNo) });

const acts = {
  given: 'consent_given',
  narrowed: 'grant_narrowed',
  paused: 'grant_paused',
  resumed: 'grant_resumed',
  ended: 'grant_ended',
} as const satisfies Record<GrantEvent['kind'], AuditAct>;

/** Grants: PostgreSQL is their truth, `book` follows it. docs/consent.md. Throws CallerError with closed codes. */
export class Consents {
  readonly #options: ConsentsOptions;
  readonly #follower: GrantFollower;
  #cancelTimer: () => void = () => {};
  /** When the timer looks next, ms. */
  #dueMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(options: ConsentsOptions) {
    this.#options = options;
    const { clock } = options;
    this.#follower = new GrantFollower(options, (isHeard) => makeGrantBook(() => clock.now(), isHeard));
  }

  get book(): GrantBook {
    return this.#follower.book;
  }

  async open(): Promise<void> {
    await this.#follower.open();
    await this.expireDue();
    this.#startTimer();
  }

  /**
   * Before each request of who reads by a grant: waits for what any process had written by then, within its time. false: it may be missing, and
   * `partnerScope` refuses until it is not.
   */
  catchUp(): Promise<boolean> {
    return this.#follower.catchUp();
  }

  /** Gives what was asked for by whatever way; a grant of the same reader, vehicle and purpose ends. */
  give(wanted: NewGrants, by: Granter): Promise<readonly StoredGrant[]> {
    return this.giveAll([wanted], by);
  }

  /** What a holder offered by an invitation, in the transaction in which it is accepted: the holder may be away. */
  async giveAsInvited(
    decide: (tx: Transaction) => Promise<{ readonly wanted: NewGrants; readonly by: Granter }>,
  ): Promise<readonly StoredGrant[]> {
    return live(await this.#write(system, (tx) => decide(tx).then(({ wanted, by }) => this.#give(tx, wanted, by))));
  }

  /** Items as they are kept. Throws `invalid_field`. */
  checkItems(items: readonly ConsentItem[]): ConsentItem[] {
    return checkItems(items, this.#options.vocabulary());
  }

  /** All of them, or none. */
  async giveAll(wanted: readonly NewGrants[], by: Granter): Promise<readonly StoredGrant[]> {
    const written = await this.#write(self(by), async (tx) => {
      const grants: StoredGrant[] = [];
      for (const one of wanted) grants.push(...(await this.#give(tx, one, by)));
      return grants;
    });
    return live(written);
  }

  async #give(tx: Transaction, wanted: NewGrants, by: Granter): Promise<StoredGrant[]> {
    const { reader, vehicleNos, purpose, purposeVersion, untilMs, backDays } = wanted;
    const items = checkItems(wanted.items, this.#options.vocabulary());
    const nowMs = this.#options.clock.now();
    checkReach(untilMs, backDays, nowMs);
    const written: StoredGrant[] = [];
    for (const vehicleNo of [...new Set(vehicleNos)].sort((a, b) => a - b)) {
      const holder = this.#holderFor(vehicleNo, by);
      const done = { atMs: nowMs, byPersonNo: by.personNo, answer: by.answer };
      const before = await store.lockLiveGrant(tx, { reader, vehicleNo, purpose });
      if (before) written.push(await this.#change(tx, before, { kind: 'end', reason: 'replaced', ...done }, by));
      const terms = { holder, reader, vehicleNo, items, purpose, purposeVersion, untilMs, backToMs: nowMs - backDays * dayMs };
      const grant = await store.makeGrant(tx, makeId(idPrefix, this.#options.random), { kind: 'give', terms, ...done });
      await this.#audit(tx, 'consent_given', grant, by);
      written.push(grant);
    }
    return written;
  }

  #holderFor(vehicleNo: number, by: Granter): Holder {
    const holder = this.#options.possession.holderNow(vehicleNo);
    if (!holder || !mayActFor(holder, by)) throw new CallerError('not_found', 'there is no such vehicle');
    return holder;
  }

  narrow(id: string, changes: Narrowing, by: Granter): Promise<StoredGrant> {
    const { items, untilMs, backToMs } = changes;
    return this.#act(id, by, (done) => ({
      kind: 'narrow',
      ...done,
      ...(items === undefined ? {} : { items: checkItems(items, this.#options.vocabulary()) }),
      ...(untilMs === undefined ? {} : { untilMs }),
      ...(backToMs === undefined ? {} : { backToMs }),
    }));
  }

  pause(id: string, by: Granter): Promise<StoredGrant> {
    return this.#act(id, by, (done) => ({ kind: 'pause', ...done }));
  }

  resume(id: string, by: Granter): Promise<StoredGrant> {
    return this.#act(id, by, (done) => ({ kind: 'resume', ...done }));
  }

  end(id: string, by: Granter): Promise<StoredGrant> {
    return this.#act(id, by, (done) => ({ kind: 'end', reason: 'holder', ...done }));
  }

  async #act(
    id: string,
    by: Granter,
    commandOf: (done: { atMs: number; byPersonNo: number; answer: Answer }) => GrantCommand,
  ): Promise<StoredGrant> {
    const [grant] = await this.#write(self(by), async (tx) => {
      const known = await store.lockGrant(tx, id);
      if (!mayActFor(known.holder, by)) throw new CallerError('not_found', 'there is no such grant');
      const done = { atMs: this.#options.clock.now(), byPersonNo: by.personNo, answer: by.answer };
      return [await this.#change(tx, known, commandOf(done), by)];
    });
    return grant as StoredGrant;
  }

  /** The reader gives it up. */
  async giveUp(id: string, reader: GrantReader): Promise<void> {
    await this.#write(system, async (tx) => {
      const known = await store.lockGrant(tx, id);
      if (JSON.stringify(known.reader) !== JSON.stringify(reader)) throw new CallerError('not_found', 'there is no such grant');
      return [await this.#change(tx, known, this.#ending('reader'), null)];
    });
  }

  /** Of a grant that the granter may see: all that happened, oldest first. */
  async history(id: string, by: Granter): Promise<readonly GrantEvent[]> {
    return this.#options.storage.withActor(self(by), async (tx) => {
      const events = await readEvents(tx, id);
      if (events.length === 0) throw new CallerError('not_found', 'there is no such grant');
      return events;
    });
  }

  readonly ofPerson = (personNo: number) => readPersonalGrants(this.#options.storage, personNo);

  /** The partner may ask no more; and the person's grants to them end. */
  async block(organisationNo: number, appNos: readonly number[], by: Granter): Promise<void> {
    const nowMs = this.#options.clock.now();
    await this.#write(self(by), async (tx) => {
      if (await store.putBlock(tx, by.personNo, organisationNo, nowMs))
        await this.#auditBlock(tx, 'partner_blocked', organisationNo, by);
      const grants = await store.lockLiveGrants(tx, { appNos, holderPersonNo: by.personNo });
      const ended: StoredGrant[] = [];
      for (const grant of grants)
        ended.push(await this.#change(tx, grant, { ...this.#ending('partner_blocked', by.personNo), answer: by.answer }, by));
      return ended;
    });
  }

  async unblock(organisationNo: number, by: Granter): Promise<void> {
    await this.#options.storage.withActor(self(by), async (tx) => {
      if (await store.removeBlock(tx, by.personNo, organisationNo))
        await this.#auditBlock(tx, 'partner_unblocked', organisationNo, by);
    });
  }

  /** Names of people who read by grants. */
  namesOf(personNos: readonly number[]): Promise<ReadonlyMap<number, string>> {
    return this.#options.storage.withActor(system, (tx) => store.readNames(tx, personNos));
  }

  blocks(personNo: number): Promise<readonly store.PartnerBlock[]> {
    return this.#options.storage.withActor(system, (tx) => store.listBlocks(tx, personNo));
  }

  /** An app or its partner was suspended or has ended: in one transaction of its own. */
  async endGrantsOfApps(appNos: readonly number[], reason: EndReason): Promise<void> {
    await this.#write(system, async (tx) => this.#endAll(tx, await store.lockLiveGrants(tx, { appNos }), reason));
  }

  /** All that a person gave, and all by which they read: they are forgotten. Partners are told of the end. */
  async endGrantsOfPerson(ofPersonNo: number): Promise<void> {
    await this.#write(system, async (tx) => this.#endAll(tx, await store.lockLiveGrants(tx, { ofPersonNo }), 'erased'));
  }

  /** In the transaction in which a vehicle changes hands, or ends. The book follows when it commits. */
  async endGrantsOfVehicle(tx: Transaction, vehicleNo: number, reason: EndReason, nowMs: number): Promise<void> {
    const ended = await this.#endAll(tx, await store.lockLiveGrants(tx, { vehicleNo }), reason, nowMs);
    if (ended.length > 0)
      await store.announceGrants(
        tx,
        ended.map(({ grantNo }) => grantNo),
      );
  }

  async #endAll(tx: Transaction, grants: readonly StoredGrant[], reason: EndReason, nowMs?: number): Promise<StoredGrant[]> {
    const ended: StoredGrant[] = [];
    for (const grant of grants) ended.push(await this.#change(tx, grant, this.#ending(reason, null, nowMs), null));
    return ended;
  }

  #ending(reason: EndReason, byPersonNo: number | null = null, nowMs = this.#options.clock.now()) {
    return { kind: 'end', atMs: nowMs, byPersonNo, reason, answer: null } as const;
  }

  /** Writes down what ended by itself. Whoever comes second finds nothing to do. */
  async expireDue(): Promise<void> {
    const nowMs = this.#options.clock.now();
    await this.#write(system, async (tx) =>
      this.#endAll(tx, await store.lockLiveGrants(tx, { expiredByMs: nowMs }), 'expired', nowMs),
    );
  }

  async #change(tx: Transaction, grant: StoredGrant, command: GrantCommand, by: Granter | null): Promise<StoredGrant> {
    const changed = await store.changeGrant(tx, grant, command);
    const kind = { give: 'given', narrow: 'narrowed', pause: 'paused', resume: 'resumed', end: 'ended' } as const;
    if (changed !== grant) await this.#audit(tx, acts[kind[command.kind]], changed, by);
    return changed;
  }

  async #audit(tx: Transaction, act: AuditAct, grant: StoredGrant, by: Granter | null): Promise<void> {
    const { holder, reader, purpose, endReason, id } = grant;
    const detail = { reader: readerText(reader), purpose, ...(endReason === null ? {} : { reason: endReason }) };
    const whom = holder.kind === 'person' ? { subjectPersonNo: holder.personNo } : {};
    const event = { act, personNo: by?.personNo ?? null, subject: id, address: by?.address ?? '', detail, ...whom };
    await writeAudit(tx, event, this.#options.clock.now());
  }

  async #auditBlock(tx: Transaction, act: AuditAct, organisationNo: number, { personNo, address }: Granter): Promise<void> {
    const event = { act, personNo, subjectPersonNo: personNo, address, detail: { organisationNo } };
    await writeAudit(tx, event, this.#options.clock.now());
  }

  /** One transaction; what it changed is in the book when this resolves, and told to every process. */
  async #write(actor: Actor, run: (tx: Transaction) => Promise<readonly StoredGrant[]>): Promise<readonly StoredGrant[]> {
    const done = this.#options.storage.withActor(actor, async (tx) => {
      const grants = await run(tx);
      if (grants.length > 0)
        await store.announceGrants(
          tx,
          grants.map(({ grantNo }) => grantNo),
          this.#follower.origin,
        );
      return grants;
    });
    // Unless it was refused it may be written all the same: what is in memory is read anew.
    done.catch((error: unknown) => (error instanceof CallerError ? undefined : this.#follower.readAll()));
    const written = await done;
    this.#follower.book.put(written);
    // Somebody may have let one expire sooner than what the timer waits for.
    if (written.some(({ state, untilMs }) => state !== 'ended' && untilMs !== null && untilMs < this.#dueMs)) this.#startTimer();
    return written;
  }

  #startTimer(): void {
    const { clock, logger } = this.#options;
    if (this.#isClosed) return;
    this.#cancelTimer();
    const nowMs = clock.now();
    this.#dueMs = Math.min(nowMs + grantLimits.expiryLookMs, Math.max(nowMs + 1, this.book.nextExpiryMs()));
    // The book ends it at its moment, this only writes it down. What another process wrote is written down by that one.
    this.#cancelTimer = clock.after(this.#dueMs - nowMs, () => {
      if (this.#isClosed) return;
      this.#follower.book.noteExpired();
      void this.expireDue()
        .catch((error: unknown) => logger.warn('grants that ended could not be written', { error }))
        .finally(() => this.#startTimer());
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    await this.#follower.close();
  }
}

export const openConsents = async (options: ConsentsOptions): Promise<Consents> => {
  const consents = new Consents(options);
  await consents.open();
  return consents;
};
