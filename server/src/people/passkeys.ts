import { apiLimits } from '@milepost/contract/api';
import { CallerError, invalidField, OperationalError } from '../kernel/index.ts';
import { makeId } from '../registry/index.ts';
import { checkName } from './accounts.ts';
import type { ChallengePurpose, Challenges } from './challenges.ts';
import { idPrefixes, peopleActor, type PeopleContext } from './context.ts';
import type { SignInFailures } from './failures.ts';
import { peopleLimits } from './limits.ts';
import { type OwnAct, type OwnActs, self } from './own-acts.ts';
import { type PasskeyOrigin, passkeyOrigin } from './passkey-origin.ts';
import type { Sessions } from './sessions.ts';
import { writeAudit } from '../audit/index.ts';
import {
  deletePasskey,
  findPasskey,
  insertPasskey,
  listPasskeys,
  notePasskeyUse,
  renamePasskey,
  type StoredPasskey,
  useChallenge,
} from './store-passkeys.ts';
import { readPerson } from './store-people.ts';
import type { NewCredential, NewSession, Passkey, PasskeyAnswer, Person, Session, SignedIn, Whence } from './types.ts';
import { checkWayIn } from './way-in.ts';
import { passkeyAlgorithms, verifyAnswer, verifyNew } from './verify-passkey.ts';

const refusal = (): CallerError => new CallerError('unauthorized', 'this passkey is not known here, or its answer came too late');

/** What a browser is asked, as `PublicKeyCredential.parse…OptionsFromJSON` reads it. */
export interface PasskeyQuestion {
  readonly challenge: string;
  readonly rpId: string;
  readonly timeoutMs: number;
  /** Credentials that it is about, each with how it is reached. */
  readonly credentials: readonly { readonly id: string; readonly transports: readonly string[] }[];
}

export interface NewPasskeyQuestion extends PasskeyQuestion {
  /** The person, for the authenticator: an opaque id, base64url. */
  readonly userHandle: string;
  readonly algorithms: readonly number[];
}

export interface PasskeyParts {
  readonly sessions: Sessions;
  readonly acts: OwnActs;
  readonly failures: SignInFailures;
  readonly challenges: Challenges;
}

const handleOf = ({ id }: Person): string => Buffer.from(id, 'utf8').toString('base64url');

/** Passkeys (WebAuthn): each lets its person in by itself, because it asks who uses it (user verification is required). */
export class Passkeys {
  readonly #context: PeopleContext;
  readonly #parts: PasskeyParts;

  constructor(context: PeopleContext, parts: PasskeyParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Undefined: browsers take none at the address where the web app is. */
  origin(): PasskeyOrigin | undefined {
    return passkeyOrigin(this.#context.publicUrl());
  }

  /** For a passkey that is to be made; those that are there are named, so that a device makes no second one. Throws `unavailable`. */
  async askNew({ person, session }: SignedIn & { readonly session: Session }): Promise<NewPasskeyQuestion> {
    const question = this.#ask('add', session.id, await this.#ofPerson(person));
    return { ...question, userHandle: handleOf(person), algorithms: passkeyAlgorithms };
  }

  /** Throws `invalid_field`, `in_use` when there are too many, `already_exists`, `unavailable`. */
  async add(
    { person, session }: SignedIn & { readonly session: Session },
    name: string,
    credential: NewCredential,
    from: Whence,
  ): Promise<Passkey> {
    const checkedName = checkName(name);
    const use = this.#use('add', session.id);
    const made = await verifyNew(credential, this.#rp(), use, this.#noteRefusal);
    if (!made) throw invalidField('credential', '(hidden)', 'what the browser answered to a question of a moment ago');
    const passkey: StoredPasskey = {
      ...made,
      id: makeId(idPrefixes.passkey, this.#context.random),
      personNo: person.personNo,
      name: checkedName,
      transports: credential.transports,
      createdMs: this.#context.clock.now(),
      lastUsedMs: null,
    };
    const audit = { act: 'passkey_added', from, subject: passkey.id, detail: { name: checkedName } } as const;
    await this.#parts.acts.run(person, audit, async (tx) => {
      if (await insertPasskey(tx, passkey, apiLimits.passkeysMax)) return;
      if ((await listPasskeys(tx, person.personNo)).length >= apiLimits.passkeysMax)
        throw new CallerError('in_use', `there are ${apiLimits.passkeysMax} passkeys: remove one that is not needed`);
      throw new CallerError('already_exists', 'this passkey is there already');
    });
    await this.#parts.acts.tell(person, 'passkeyAdded', checkedName);
    return passkey;
  }

  list(person: Person): Promise<Passkey[]> {
    return this.#context.storage.withActor(self(person), (tx) => listPasskeys(tx, person.personNo));
  }

  /** Throws `invalid_field`, `not_found`. */
  async rename(person: Person, id: string, name: string): Promise<void> {
    const checkedName = checkName(name);
    await this.#parts.acts.run(person, undefined, async (tx) => {
      if (!(await renamePasskey(tx, person.personNo, id, checkedName))) throw unknown();
    });
  }

  /** Throws `not_found`, `in_use` for the last way in. */
  async remove(person: Person, id: string, from: Whence): Promise<void> {
    const audit = (removed: string): OwnAct => ({ act: 'passkey_removed', from, subject: id, detail: { name: removed } });
    const name = await this.#parts.acts.run(person, audit, async (tx) => {
      const removed = await deletePasskey(tx, person.personNo, id);
      if (removed === undefined) throw unknown();
      await checkWayIn(tx, person);
      return removed;
    });
    await this.#parts.acts.tell(person, 'passkeyRemoved', name);
  }

  /** For whoever wants to sign in: the browser offers the passkeys it has. `browser`: a value that it alone sends. Throws `unavailable`. */
  askSignIn(browser: string): PasskeyQuestion {
    return this.#ask('sign_in', browser, []);
  }

  /** Throws `unauthorized`, `too_many_failures`, `unavailable`. */
  async signIn(answer: PasskeyAnswer, browser: string, from: Whence): Promise<NewSession> {
    const { failures, sessions } = this.#parts;
    failures.check(undefined, from);
    const { passkey, counter, isBackedUp } = await this.#verify(answer, this.#use('sign_in', browser), from);
    const { storage, clock } = this.#context;
    const { personNo } = passkey;
    const begun = await storage.withActor(peopleActor, async (tx) => {
      const person = await readPerson(tx, personNo);
      if (!person) return undefined;
      if (answer.userHandle !== undefined && answer.userHandle !== handleOf(person)) return undefined;
      if (!(await notePasskeyUse(tx, { id: passkey.id, counter, isBackedUp }, clock.now()))) return person;
      const detail = { passkey: passkey.name };
      const event = { act: 'sign_in', personNo, subjectPersonNo: personNo, address: from.address, detail } as const;
      await writeAudit(tx, event, clock.now());
      return sessions.begin(tx, person, 'passkey', from);
    });
    if (begun === undefined) throw failures.fail(undefined, from, refusal());
    if (!('value' in begun)) throw await this.#refuseCopy(begun, passkey, from);
    return begun;
  }

  /** What lets somebody in is changed only by who says it once more. Throws `unavailable`. */
  async askConfirmation({ person, session }: SignedIn & { readonly session: Session }): Promise<PasskeyQuestion> {
    return this.#ask('confirm', session.id, await this.#ofPerson(person));
  }

  /** Throws `unauthorized`, `too_many_failures`, `unavailable`. */
  async confirm(
    { person, session }: SignedIn & { readonly session: Session },
    answer: PasskeyAnswer,
    from: Whence,
  ): Promise<void> {
    const { failures, sessions } = this.#parts;
    failures.check(undefined, from);
    const { passkey, counter, isBackedUp } = await this.#verify(answer, this.#use('confirm', session.id), from);
    if (passkey.personNo !== person.personNo) throw failures.fail(undefined, from, refusal());
    const { storage, clock } = this.#context;
    const isDone = await storage.withActor(peopleActor, async (tx) => {
      if (!(await notePasskeyUse(tx, { id: passkey.id, counter, isBackedUp }, clock.now()))) return false;
      await sessions.confirm(tx, session);
      return true;
    });
    if (!isDone) throw await this.#refuseCopy(person, passkey, from);
    sessions.remembered.forget([person.personNo]);
  }

  async #ofPerson(person: Person): Promise<StoredPasskey[]> {
    return this.#context.storage.withActor(self(person), (tx) => listPasskeys(tx, person.personNo));
  }

  #rp(): PasskeyOrigin {
    const rp = this.origin();
    if (rp) return rp;
    throw new OperationalError(
      'unavailable',
      'passkeys need an address with a name and https: the operator sets MILEPOST_PUBLIC_URL',
    );
  }

  #ask(purpose: ChallengePurpose, bound: string, passkeys: readonly StoredPasskey[]): PasskeyQuestion {
    return {
      challenge: this.#parts.challenges.make(purpose, bound).toString('base64url'),
      rpId: this.#rp().id,
      timeoutMs: peopleLimits.challengeLifetimeMs,
      credentials: passkeys.map(({ credentialId, transports }) => ({
        id: Buffer.from(credentialId).toString('base64url'),
        transports,
      })),
    };
  }

  /** Only what was made here is noted as used, so nobody fills the table with what they thought up. */
  #use(purpose: ChallengePurpose, bound: string): (challenge: string) => Promise<boolean> {
    return async (challenge) => {
      const known = this.#parts.challenges.check(challenge, purpose, bound);
      if (!known) return false;
      return this.#context.storage.withActor(peopleActor, (tx) => useChallenge(tx, known.digest, known.expiresMs));
    };
  }

  async #verify(answer: PasskeyAnswer, use: (challenge: string) => Promise<boolean>, from: Whence) {
    const { failures } = this.#parts;
    const rp = this.#rp();
    const credentialId = Buffer.from(answer.id, 'base64url');
    const passkey = await this.#context.storage.withActor(peopleActor, (tx) => findPasskey(tx, credentialId));
    const verified = passkey && (await verifyAnswer(answer, passkey, rp, use, this.#noteRefusal));
    if (!verified) throw failures.fail(undefined, from, refusal());
    return { passkey, ...verified };
  }

  /** It signed less often than it did before: there are two of it. Its owner is told; the one that counts on goes on working. */
  async #refuseCopy(person: Person, passkey: Passkey, from: Whence): Promise<CallerError> {
    const { storage, clock, logger } = this.#context;
    const { personNo } = person;
    const detail = { name: passkey.name };
    const event = { act: 'passkey_refused', personNo: null, subjectPersonNo: personNo, subject: passkey.id, detail } as const;
    await storage.withActor(peopleActor, (tx) => writeAudit(tx, { ...event, address: from.address }, clock.now()));
    logger.warn('a passkey was refused: it signed less often than before, as a copy would', { passkey: passkey.id });
    await this.#parts.acts.tell(person, 'passkeyRefused', passkey.name);
    return this.#parts.failures.fail(undefined, from, refusal());
  }

  readonly #noteRefusal = (error: unknown): void => {
    this.#context.logger.debug('the answer of a passkey was refused', { error });
  };
}

const unknown = (): CallerError => new CallerError('not_found', 'there is no passkey with this id');
