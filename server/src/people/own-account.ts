import { CallerError, invalidField } from '../kernel/index.ts';
import { makeId } from '../registry/index.ts';
import { idPrefixes, peopleActor, type PeopleContext } from './context.ts';
import { endAccountLinks } from './store-codes.ts';
import { peopleLimits } from './limits.ts';
import { checkName } from './accounts.ts';
import { type OwnActs, self } from './own-acts.ts';
import { checkPassword } from './passwords.ts';
import { accessTokenPrefix, digestOf, makeValue } from './secret-values.ts';
import { type AuditRecord, listAudit } from '../audit/index.ts';
import {
  confirmTotp,
  type PersonChanges,
  readNames,
  readPerson,
  readWaitingTotp,
  removeTotp,
  setPassword,
  setTotpSecret,
  updatePerson,
} from './store-people.ts';
import { endSessions, endTokens, insertToken, listTokens } from './store-sessions.ts';
import type { AccessToken, Person, SignedIn, Whence } from './types.ts';

const userNamePattern = /^[a-z0-9][a-z0-9._-]{1,63}$/;
const dayMs = 86_400_000;

export interface NewToken {
  readonly name: string;
  readonly items: readonly string[];
  readonly days: number;
}

/** What a person changes about the own account. */
export class OwnAccount {
  readonly #context: PeopleContext;
  readonly #acts: OwnActs;

  constructor(context: PeopleContext, acts: OwnActs) {
    this.#context = context;
    this.#acts = acts;
  }

  /** Throws `invalid_field`, `already_exists`. */
  async change(person: Person, changes: PersonChanges): Promise<Person> {
    const { userName, language } = changes;
    const lowered = userName === undefined || userName === null ? userName : userName.trim().toLowerCase();
    if (typeof lowered === 'string' && !userNamePattern.test(lowered))
      throw invalidField('userName', userName, '2 to 64 letters a to z, digits, dots, hyphens or underscores');
    const checked: PersonChanges = {
      ...(changes.name === undefined ? {} : { name: checkName(changes.name) }),
      ...(lowered === undefined ? {} : { userName: lowered }),
      ...(language === undefined ? {} : { language }),
    };
    await this.#acts.run(person, undefined, async (tx) => updatePerson(tx, person.personNo, checked));
    return (await this.#context.storage.withActor(self(person), (tx) => readPerson(tx, person.personNo))) as Person;
  }

  /** All other sessions end, and links that were asked for with the old password. Throws `invalid_field`. */
  async changePassword({ person, session }: SignedIn, password: string, from: Whence): Promise<void> {
    checkPassword('password', password, [person.name, person.userName ?? '', person.email.split('@')[0] as string]);
    const hash = await this.#context.passwords.hash(password);
    await this.#acts.run(person, { act: 'password_changed', from }, async (tx) => {
      await setPassword(tx, person.personNo, hash);
      await endSessions(tx, person.personNo, session ? { exceptId: session.id } : {}, this.#context.clock.now());
    });
    await this.#context.storage.withActor(peopleActor, (tx) => endAccountLinks(tx, person.personNo));
    await this.#acts.tell(person, 'passwordChanged');
  }

  /** A secret for an authenticator app. It counts once a code of it was given. Throws `already_exists`. */
  async startTotp(person: Person): Promise<{ readonly secret: string; readonly uri: string }> {
    if (person.hasTotp) throw new CallerError('already_exists', 'there is a second factor: remove it first');
    const { text, uri, sealed } = this.#context.totp.make(person.email);
    await this.#acts.run(person, undefined, (tx) => setTotpSecret(tx, person.personNo, sealed));
    return { secret: text, uri };
  }

  /** Throws `invalid_field`, `not_found`. */
  async confirmTotp(person: Person, code: string, from: Whence): Promise<void> {
    const { totp, clock } = this.#context;
    await this.#acts.run(person, { act: 'totp_set', from }, async (tx) => {
      const sealed = await readWaitingTotp(tx, person.personNo);
      if (!sealed) throw new CallerError('not_found', 'no secret waits to be confirmed');
      const step = totp.stepOf(sealed, code, clock.now(), null);
      if (step === undefined) throw invalidField('code', '(hidden)', 'the six digits that the app shows now');
      await confirmTotp(tx, person.personNo, step, clock.now());
    });
  }

  removeTotp(person: Person, from: Whence): Promise<void> {
    return this.#acts.run(person, { act: 'totp_removed', from }, (tx) => removeTotp(tx, person.personNo));
  }

  tokens(person: Person): Promise<AccessToken[]> {
    return this.#context.storage.withActor(self(person), (tx) => listTokens(tx, person.personNo, this.#context.clock.now()));
  }

  /** The text is shown once. Throws `invalid_field`, `in_use` when there are too many. */
  async makeToken(
    person: Person,
    { name, items, days }: NewToken,
    from: Whence,
  ): Promise<{ readonly text: string; readonly token: AccessToken }> {
    const { clock, random } = this.#context;
    const max = peopleLimits.accessTokenDaysMax;
    if (!Number.isInteger(days) || days < 1 || days > max) throw invalidField('days', days, `1 to ${max}`);
    const text = `${accessTokenPrefix}${makeValue(random)}`;
    const nowMs = clock.now();
    const token: AccessToken = {
      id: makeId(idPrefixes.accessToken, random),
      personNo: person.personNo,
      name: checkName(name),
      items: [...new Set(items)],
      createdMs: nowMs,
      lastUsedMs: null,
      expiresMs: nowMs + days * dayMs,
    };
    const detail = { name: token.name, items: token.items.join(' '), days };
    await this.#acts.run(person, { act: 'token_made', from, subject: token.id, detail }, async (tx) => {
      if (!(await insertToken(tx, digestOf(text), token, peopleLimits.accessTokensMax)))
        throw new CallerError('in_use', `there are ${peopleLimits.accessTokensMax} tokens: end one that is not needed`);
    });
    return { text, token };
  }

  /** Throws `not_found`. */
  async endToken(person: Person, id: string, from: Whence): Promise<void> {
    await this.#acts.run(person, { act: 'token_ended', from, subject: id }, async (tx) => {
      const ended = await endTokens(tx, person.personNo, id, this.#context.clock.now());
      if (ended.length === 0) throw new CallerError('not_found', 'there is no token with this id');
    });
  }

  /** What was done to this account, newest first. */
  async activity(person: Person, beforeNo: number | null, limit: number): Promise<AuditRecord[]> {
    const { storage } = this.#context;
    const found = await storage.withActor(self(person), (tx) =>
      listAudit(tx, { subjectPersonNo: person.personNo, beforeNo, fromMs: 0, limit }),
    );
    // Others are hidden from a person, but for the names of those who did something to the account.
    const actors = found.flatMap(({ actorPersonNo }) => actorPersonNo ?? []);
    const names = await storage.withActor(peopleActor, (tx) => readNames(tx, actors));
    return found.map((record) => ({ ...record, actorName: names.get(record.actorPersonNo ?? 0) ?? null }));
  }
}
