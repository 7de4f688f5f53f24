import { createHash, randomUUID } from 'node:crypto';
import { writeAudit } from '../audit/index.ts';
import { CallerError, type Logger } from '../kernel/index.ts';
import type { ErasureMail } from '../people/index.ts';
import { makeId, type Random, systemRandom } from '../registry/index.ts';
import { decideErasure } from './decide-erasure.ts';
import { personErasureLimits } from './limits.ts';
import { actor, ErasureRun, type RunOptions } from './run-erasure.ts';
import * as person from './store-person.ts';
import * as store from './store.ts';
import type { Blocker, KnownErasure } from './types.ts';

export interface PersonErasuresOptions extends RunOptions {
  readonly logger: Logger;
  readonly random?: Random;
}

/** Who asks, and from where. */
export interface Asking {
  readonly personNo: number;
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly language: string | null;
  readonly address: string;
}

const dayMs = 86_400_000;
const codeBytes = 32;
const idPrefix = 'pea_';
const codePattern = /^[\w-]{43}$/;
const digestOf = (code: string): Buffer => createHash('sha256').update(code, 'utf8').digest();
const noneOpen = (): CallerError => new CallerError('not_found', 'no erasure is asked for');

/** Everything of one person is erased: asked for, taken back, done in the background by one process at a time. docs/people.md */
export class PersonErasures {
  readonly #options: PersonErasuresOptions;
  readonly #worker = randomUUID();
  readonly #run: ErasureRun;
  #cancelLook: () => void = () => {};
  #working: Promise<void> = Promise.resolve();
  #isJoined = false;
  #isClosed = false;

  constructor(options: PersonErasuresOptions) {
    this.#options = options;
    this.#run = new ErasureRun(options, this.#worker);
  }

  /** The code reads how far it is, also when nobody can sign in any more. Throws `last_in_charge`, `already_exists`. */
  async ask(by: Asking): Promise<{ readonly erasure: KnownErasure; readonly code: string }> {
    const { storage, clock, random = systemRandom } = this.#options;
    const { graceDays } = personErasureLimits;
    const code = Buffer.from(random(codeBytes)).toString('base64url');
    const askedMs = clock.now();
    const id = makeId(idPrefix, random);
    const { personNo } = by;
    const erasure = await storage.withActor(actor, async (tx) => {
      const [blocker] = await person.readBlockers(tx, personNo);
      if (blocker)
        throw new CallerError('last_in_charge', `nobody else is ${blocker.role} of ${blocker.name}: make somebody so first`);
      const digest = digestOf(code);
      if (!(await store.insertErasure(tx, { id, personNo, digest, askedMs, dueMs: askedMs + graceDays * dayMs })))
        throw new CallerError('already_exists', 'it is asked for already');
      const event = { act: 'erasure_asked', personNo, subject: by.id, subjectPersonNo: personNo, address: by.address } as const;
      await writeAudit(tx, { ...event, detail: { erasure: id } }, askedMs);
      return (await store.readErasure(tx, { id })) as KnownErasure;
    });
    const mail = { kind: 'erasureAsked', person: by, page: `/erasure?code=${code}`, days: graceDays } as const;
    await this.#mail(mail, 'somebody could not be mailed that they asked to be erased');
    return { erasure, code };
  }

  /** Throws `not_found`, `erasure_begun`. */
  async takeBack(by: Asking): Promise<void> {
    const { storage, clock } = this.#options;
    const { personNo } = by;
    const nowMs = clock.now();
    await storage.withActor(actor, async (tx) => {
      const erasure = await store.readErasure(tx, { openOf: personNo }, true);
      if (!erasure) throw noneOpen();
      const step = decideErasure(erasure, { kind: 'take_back' }, nowMs);
      if (!step) return;
      await store.writeStep(tx, erasure, step);
      const event = {
        act: 'erasure_taken_back',
        personNo,
        subject: by.id,
        subjectPersonNo: personNo,
        address: by.address,
      } as const;
      await writeAudit(tx, { ...event, detail: { erasure: erasure.id } }, nowMs);
    });
    const mail = { kind: 'erasureTakenBack', person: by, page: '/account' } as const;
    await this.#mail(mail, 'somebody could not be told that their erasure was taken back');
  }

  /** The one that waits, or is under way. */
  openOf(personNo: number): Promise<KnownErasure | undefined> {
    return this.#options.storage.withActor(actor, (tx) => store.readErasure(tx, { openOf: personNo }));
  }

  /** Organisations that nobody else is in charge of. */
  blockersOf(personNo: number): Promise<readonly Blocker[]> {
    return this.#options.storage.withActor(actor, (tx) => person.readBlockers(tx, personNo));
  }

  /** By the code that the person got. Throws `link_used` for one that is none. */
  async byCode(code: string): Promise<KnownErasure> {
    const unknown = (): CallerError => new CallerError('link_used', 'there is no erasure with this code');
    if (!codePattern.test(code)) throw unknown();
    const found = await this.#options.storage.withActor(actor, (tx) => store.readErasure(tx, { digest: digestOf(code) }));
    if (!found) throw unknown();
    return found;
  }

  /** Newest first. */
  list(): Promise<readonly KnownErasure[]> {
    return this.#options.storage.withActor(actor, store.listErasures);
  }

  /** Looks again and again for what is due. */
  start(): void {
    this.#cancelLook = this.#options.clock.after(personErasureLimits.lookEveryMs, () => {
      void this.tend().finally(() => {
        if (!this.#isClosed) this.start();
      });
    });
  }

  /** Does what is due, one after the other; what fails is tried again. */
  tend(): Promise<void> {
    this.#working = this.#working.then(() => this.#work());
    return this.#working;
  }

  async #work(): Promise<void> {
    const { storage, clock, logger } = this.#options;
    try {
      if (!this.#isJoined) await this.#join();
      this.#isJoined = true;
      const due = await storage.withActor(actor, (tx) => store.takeDue(tx, this.#worker, clock.now()));
      for (const erasure of due) await this.#runOne(erasure);
    } catch (error) {
      logger.warn('erasures of people could not be looked for', { error });
    }
  }

  /**
   * Joins the two ledgers of people, the table and the file: a file that is older gets what the table has, and whom a restored database
   * still has, though the file says that they were erased, is erased again at once.
   */
  async #join(): Promise<void> {
    const { storage, erasures, clock, logger, random = systemRandom } = this.#options;
    const nowMs = clock.now();
    const begun = await storage.withActor(actor, store.listBegun);
    for (const { id, personId, askedMs } of begun) await erasures.keepErasedPerson({ id, personId, requestedAtMs: askedMs });
    const known = new Set(begun.map(({ personId }) => personId));
    const again = erasures.erasedPeople().filter(({ personId }) => !known.has(personId));
    for (const { personId } of again)
      await storage.withActor(actor, async (tx) => {
        const personNo = await store.findPersonNo(tx, personId);
        if (personNo === undefined) return;
        const id = makeId(idPrefix, random);
        // Nobody has the code: who it was got the report of the first time.
        const erasure = { id, personNo, digest: random(codeBytes), askedMs: nowMs, dueMs: nowMs };
        if (!(await store.insertErasure(tx, erasure))) return;
        const event = { act: 'erasure_asked', personNo: null, subject: personId, subjectPersonNo: personNo } as const;
        await writeAudit(tx, { ...event, detail: { erasure: id } }, nowMs);
        logger.warn('somebody who was erased came back with the database: they are erased again', { id });
      });
  }

  async #runOne(erasure: KnownErasure): Promise<void> {
    const { storage, clock, logger } = this.#options;
    const { retryMs, heldLookMs } = personErasureLimits;
    let againMs: number = retryMs;
    try {
      const blockers = await this.#run.run(erasure);
      if (blockers.length > 0) {
        againMs = heldLookMs;
        if (erasure.state === 'waiting') await this.#tellHeld(erasure, blockers);
      }
    } catch (error) {
      logger.error('the erasure of a person is not done yet: it is tried again', { id: erasure.id, error });
    }
    await storage.withActor(actor, (tx) => store.keepLease(tx, erasure.id, this.#worker, clock.now() + againMs));
  }

  async #tellHeld({ personNo }: KnownErasure, blockers: readonly Blocker[]): Promise<void> {
    const { storage } = this.#options;
    const to = await storage.withActor(actor, (tx) => person.readForgotten(tx, personNo));
    const what = blockers.map(({ name }) => name).join(', ');
    const mail = { kind: 'erasureHeld', person: to, page: '/account', what } as const;
    await this.#mail(mail, 'somebody could not be told what keeps them from being erased');
  }

  /** What was done is done, whether the mail goes or not: the account page says the same. */
  async #mail(mail: ErasureMail, failed: string): Promise<void> {
    const { people, logger } = this.#options;
    await people.mails.tellErasure(mail).catch((error: unknown) => logger.warn(failed, { error }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelLook();
    await this.#working;
  }
}
