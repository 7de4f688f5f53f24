import type { SignInMethod } from '@milepost/contract/api';
import { makeId } from '../registry/index.ts';
import type { Transaction } from '../storage/index.ts';
import { announcePeople, idPrefixes, peopleActor, type PeopleContext } from './context.ts';
import { peopleLimits } from './limits.ts';
import { Remembered } from './remembered.ts';
import { accessTokenPrefix, digestOf, makeValue } from './secret-values.ts';
import { writeAudit } from '../audit/index.ts';
import { readMemberships, readPerson } from './store-people.ts';
import {
  confirmSession,
  endSessions,
  insertSession,
  listSessions,
  noteSessionUse,
  noteTokenUse,
  readSession,
  readToken,
} from './store-sessions.ts';
import type { NewSession, Person, Session, SignedIn, Whence } from './types.ts';

const userAgentCharactersMax = 256;
const valuePattern = /^[\w-]{43}$/;

/** Sessions of browsers, and who is known by what a request bears. */
export class Sessions {
  readonly #context: PeopleContext;
  readonly remembered: Remembered;

  constructor(context: PeopleContext) {
    this.#context = context;
    this.remembered = new Remembered(context.clock);
  }

  /** Something of these people has changed, in whichever process; null: of anybody. Answers how to stop listening. */
  listen(listener: (personNos: readonly number[] | null) => void): () => void {
    return this.remembered.listen(listener);
  }

  /** In the transaction in which the person was let in. */
  async begin(tx: Transaction, person: Person, method: SignInMethod, from: Whence): Promise<NewSession> {
    const { clock, random } = this.#context;
    const nowMs = clock.now();
    const value = makeValue(random);
    const session: Session = {
      id: makeId(idPrefixes.session, random),
      personNo: person.personNo,
      method,
      userAgent: from.userAgent.slice(0, userAgentCharactersMax),
      address: from.address,
      createdMs: nowMs,
      lastUsedMs: nowMs,
      confirmedMs: nowMs,
      expiresMs: nowMs + peopleLimits.sessionIdleMs,
    };
    await insertSession(tx, digestOf(value), session, peopleLimits.sessionsMax);
    const memberships = await readMemberships(tx, person.personNo);
    await announcePeople(tx, [person.personNo]);
    return { value, expiresMs: session.expiresMs, signedIn: { person, memberships, session, token: null } };
  }

  /** Undefined: it is over, or never was. */
  async bySession(value: string, address: string): Promise<SignedIn | undefined> {
    if (!valuePattern.test(value)) return undefined;
    const digest = digestOf(value);
    const { storage, clock } = this.#context;
    const found = await this.remembered.find(digest, () =>
      storage.withActor(peopleActor, async (tx) => {
        const session = await readSession(tx, digest, clock.now());
        return session && this.#signedIn(tx, session.personNo, { session, token: null });
      }),
    );
    if (!found?.session || found.session.expiresMs <= clock.now()) return undefined;
    await this.#noteUse(found.session, address);
    return found;
  }

  /** Undefined: it is over, or never was. */
  async byToken(text: string): Promise<SignedIn | undefined> {
    if (!text.startsWith(accessTokenPrefix) || !valuePattern.test(text.slice(accessTokenPrefix.length))) return undefined;
    const digest = digestOf(text);
    const { storage, clock } = this.#context;
    const found = await this.remembered.find(digest, () =>
      storage.withActor(peopleActor, async (tx) => {
        const token = await readToken(tx, digest, clock.now());
        if (!token) return undefined;
        await noteTokenUse(tx, token.id, clock.now());
        return this.#signedIn(tx, token.personNo, { session: null, token });
      }),
    );
    return found?.token && found.token.expiresMs > clock.now() ? found : undefined;
  }

  async #signedIn(tx: Transaction, personNo: number, by: Pick<SignedIn, 'session' | 'token'>): Promise<SignedIn | undefined> {
    const person = await readPerson(tx, personNo);
    return person && { person, memberships: await readMemberships(tx, personNo), ...by };
  }

  /** A session that is used goes on, up to its longest life. */
  async #noteUse(session: Session, address: string): Promise<void> {
    const { storage, clock, logger } = this.#context;
    const nowMs = clock.now();
    if (nowMs - session.lastUsedMs < peopleLimits.useNotedEveryMs) return;
    const expiresMs = Math.min(nowMs + peopleLimits.sessionIdleMs, session.createdMs + peopleLimits.sessionLifetimeMs);
    try {
      await storage.withActor(peopleActor, async (tx) => {
        await noteSessionUse(tx, { id: session.id, address, nowMs, expiresMs });
        await announcePeople(tx, [session.personNo]);
      });
      this.remembered.forget([session.personNo]);
    } catch (error) {
      // Who is signed in goes on reading.
      logger.warn('the use of a session could not be noted', { error });
    }
  }

  list(personNo: number): Promise<Session[]> {
    const { storage, clock } = this.#context;
    return storage.withActor({ kind: 'person', id: String(personNo) }, (tx) => listSessions(tx, personNo, clock.now()));
  }

  /** One, or all but one. Answers how many ended. */
  async end(
    personNo: number,
    which: { readonly id?: string; readonly exceptId?: string },
    from: Whence,
    isSignOut = false,
  ): Promise<number> {
    const { storage, clock } = this.#context;
    const nowMs = clock.now();
    const ended = await storage.withActor(peopleActor, async (tx) => {
      const ids = await endSessions(tx, personNo, which, nowMs);
      const act = isSignOut ? 'sign_out' : 'session_ended';
      for (const subject of ids)
        await writeAudit(tx, { act, personNo, subject, subjectPersonNo: personNo, address: from.address }, nowMs);
      await announcePeople(tx, [personNo]);
      return ids.length;
    });
    this.remembered.forget([personNo]);
    return ended;
  }

  /** The password or passkey was given again. */
  async confirm(tx: Transaction, { id, personNo }: Session): Promise<void> {
    await confirmSession(tx, id, this.#context.clock.now());
    await announcePeople(tx, [personNo]);
  }
}
