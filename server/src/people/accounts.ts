import { apiLimits, type DemoRole } from '@milepost/contract/api';
import { CallerError, invalidField } from '../kernel/index.ts';
import { makeId } from '../registry/index.ts';
import type { Transaction } from '../storage/index.ts';
import { announcePeople, checkEmail, idPrefixes, type Links, peopleActor, type PeopleContext } from './context.ts';
import { peopleLimits } from './limits.ts';
import { checkPassword } from './passwords.ts';
import { digestOf } from './secret-values.ts';
import { joinAsInvited } from './store-members.ts';
import type { Sessions } from './sessions.ts';
import { writeAudit } from '../audit/index.ts';
import { type CodePurpose, endAccountLinks, type MailedCode, readCode, takeCode } from './store-codes.ts';
import {
  countMembers,
  insertPerson,
  lockOrganisation,
  type NewPerson,
  putMember,
  readPerson,
  readPlatform,
  readSecrets,
  setEmail,
  setPassword,
} from './store-people.ts';
import { endSessions, endTokens } from './store-sessions.ts';
import type { NewSession, Person, Whence } from './types.ts';

const { nameCharactersMax } = apiLimits;
/** Nobody has a mailbox there (RFC 2606), so nobody can reset its password. */
const demoPeople: Readonly<Record<DemoRole, { readonly email: string; readonly name: string }>> = {
  operator: { email: 'demo@milepost.invalid', name: 'Demo' },
  manager: { email: 'manager@milepost.invalid', name: 'Karim Tazi' },
  owner: { email: 'owner@milepost.invalid', name: 'Leila Benali' },
  partner: { email: 'partner@milepost.invalid', name: 'Sam Carter' },
};

export interface NewAccount {
  readonly name: string;
  readonly password: string;
  readonly language: string | null;
}

/** Throws `invalid_field`. */
export const checkName = (text: string): string => {
  const name = text.normalize('NFC').replaceAll(/\s+/g, ' ').trim();
  const length = Array.from(name).length;
  if (length < 1 || length > nameCharactersMax || /\p{Cc}/u.test(name))
    throw invalidField('name', text.slice(0, nameCharactersMax), `1 to ${nameCharactersMax} characters`);
  return name;
};

const operatorExists = (): CallerError =>
  new CallerError('already_exists', 'there is a platform operator: who is one can add others');
const used = (): CallerError => new CallerError('link_used', 'this link was used, or is too old: ask for a new one');

/** Accounts are made, and got back, by links that are mailed. What is answered tells nobody which addresses have one. */
export class Accounts {
  readonly #context: PeopleContext;
  readonly #sessions: Sessions;
  readonly #links: Links;

  constructor(context: PeopleContext, sessions: Sessions, links: Links) {
    this.#context = context;
    this.#sessions = sessions;
    this.#links = links;
  }

  #find(email: string): Promise<Person | undefined> {
    return this.#context.storage.withActor(peopleActor, async (tx) => (await readSecrets(tx, email))?.person);
  }

  /** Throws `invalid_field`, `too_many_requests`, `unavailable`. */
  async askSignUp(address: string, language: string | null, from: Whence): Promise<void> {
    const email = checkEmail('email', address);
    this.#links.count(from, email);
    const person = await this.#find(email);
    if (person) {
      await this.#links.tell(
        { kind: 'hasAccount', page: '/reset', language: person.language ?? language, name: person.name },
        email,
      );
      return;
    }
    const code: MailedCode = { purpose: 'sign_up', personNo: null, email, detail: {} };
    await this.#links.send({ code, kind: 'signUp', page: '/sign-up', language });
  }

  /** Whose link it is: shown before anything is done with it. Throws `link_used`. */
  async readLink(value: string, purpose: CodePurpose): Promise<{ readonly email: string }> {
    const { storage, clock } = this.#context;
    const code = await storage.withActor(peopleActor, (tx) => readCode(tx, digestOf(value), clock.now()));
    if (code?.purpose !== purpose) throw used();
    return { email: code.email };
  }

  /** Throws `invalid_field`, `link_used`, `already_exists`, `overloaded`. */
  async signUp(value: string, account: NewAccount, from: Whence): Promise<NewSession> {
    const { storage, clock } = this.#context;
    const { email } = await this.readLink(value, 'sign_up');
    const made = await this.#prepare(email, account);
    return storage.withActor(peopleActor, async (tx) => {
      const code = await this.#take(tx, value, 'sign_up');
      const person = await this.#make(tx, { ...made, email: code.email }, from);
      await joinAsInvited(tx, code, person, clock.now());
      return this.#sessions.begin(tx, person, 'password', from);
    });
  }

  /** The first operator of the platform; while there is none, and in whosever hands the one-time link of the first start is. */
  async makeFirstOperator(address: string, account: NewAccount, useLink: () => Promise<void>, from: Whence): Promise<NewSession> {
    const email = checkEmail('email', address);
    const made = await this.#prepare(email, account);
    if (await this.hasOperator()) throw operatorExists();
    // Not before everything else was checked: a link that is used up by a short password would lock everybody out.
    await useLink();
    const { storage, clock } = this.#context;
    return storage.withActor(peopleActor, async (tx) => {
      const platform = await readPlatform(tx);
      await lockOrganisation(tx, platform.organisationNo);
      if ((await countMembers(tx, platform.organisationNo, 'operator')) > 0) throw operatorExists();
      const person = await this.#make(tx, { ...made, email }, from);
      await putMember(tx, { organisationNo: platform.organisationNo, personNo: person.personNo, role: 'operator' }, clock.now());
      const detail = { role: 'operator', organisation: platform.id };
      const { personNo, id } = person;
      await writeAudit(tx, { act: 'member_added', personNo, subject: id, subjectPersonNo: personNo, detail }, clock.now());
      return this.#sessions.begin(tx, person, 'first_operator', from);
    });
  }

  /** Of a demo, which runs on loopback with a data folder of its own: nobody has to think of a password for it. */
  letInDemo(role: DemoRole, from: Whence): Promise<NewSession> {
    const { storage, clock, random } = this.#context;
    const { email, name } = demoPeople[role];
    return storage.withActor(peopleActor, async (tx) => {
      const { organisationNo } = await readPlatform(tx);
      await lockOrganisation(tx, organisationNo);
      const known = (await readSecrets(tx, email))?.person;
      // As if they had opened a link: partners are made by people whose address is known.
      const made = { name, email, language: null, passwordHash: null, isEmailVerified: true };
      const person = known ?? (await insertPerson(tx, { ...made, id: makeId(idPrefixes.person, random) }, clock.now()));
      if (role === 'operator') await putMember(tx, { organisationNo, personNo: person.personNo, role }, clock.now());
      return this.#sessions.begin(tx, person, role === 'operator' ? 'first_operator' : 'password', from);
    });
  }

  hasOperator(): Promise<boolean> {
    return this.#context.storage.withActor(peopleActor, async (tx) => {
      const { organisationNo } = await readPlatform(tx);
      return (await countMembers(tx, organisationNo, 'operator')) > 0;
    });
  }

  /** Throws `invalid_field`, `too_many_requests`, `unavailable`. */
  async askReset(address: string, language: string | null, from: Whence): Promise<void> {
    const email = checkEmail('email', address);
    this.#links.count(from, email);
    const person = await this.#find(email);
    if (!person) {
      await this.#links.tell({ kind: 'noAccount', page: '/sign-up', language }, email);
      return;
    }
    const code: MailedCode = { purpose: 'reset_password', personNo: person.personNo, email, detail: {} };
    const spoken = person.language ?? language;
    const lifetimeMs = peopleLimits.resetLifetimeMs;
    await this.#links.send({ code, kind: 'reset', page: '/reset', language: spoken, name: person.name, lifetimeMs });
  }

  /** Ends every session and access token: whoever knew the old password is out. A second factor stays. */
  async reset(value: string, password: string, from: Whence): Promise<void> {
    const { storage, clock, passwords } = this.#context;
    const { email } = await this.readLink(value, 'reset_password');
    checkPassword('password', password, [email.split('@')[0] as string]);
    const hash = await passwords.hash(password);
    const personNo = await storage.withActor(peopleActor, async (tx) => {
      const code = await this.#take(tx, value, 'reset_password');
      const no = code.personNo as number;
      const nowMs = clock.now();
      await setPassword(tx, no, hash);
      await endSessions(tx, no, {}, nowMs);
      await endTokens(tx, no, null, nowMs);
      // A new address that somebody asked for with the old password is nobody's.
      await endAccountLinks(tx, no);
      await writeAudit(tx, { act: 'password_reset', personNo: no, subjectPersonNo: no, address: from.address }, nowMs);
      await announcePeople(tx, [no]);
      return no;
    });
    this.#sessions.remembered.forget([personNo]);
  }

  /** The new address gets a link; until it was opened nothing changes. Throws `invalid_field`, `too_many_requests`. */
  async askEmailChange(person: Person, address: string, from: Whence): Promise<void> {
    const email = checkEmail('email', address);
    if (email === person.email) throw invalidField('email', email, 'another address than the one you have');
    this.#links.count(from, email);
    if (await this.#find(email)) {
      await this.#links.tell({ kind: 'emailTaken', page: '/', language: person.language }, email);
      return;
    }
    const code: MailedCode = { purpose: 'change_email', personNo: person.personNo, email, detail: {} };
    await this.#links.send({ code, kind: 'changeEmail', page: '/confirm-email', language: person.language, name: person.name });
  }

  /** Throws `link_used`, `already_exists`. The old address is told. */
  async changeEmail(value: string, from: Whence): Promise<void> {
    const { storage, clock, logger } = this.#context;
    const { before, email } = await storage.withActor(peopleActor, async (tx) => {
      const code = await this.#take(tx, value, 'change_email');
      const personNo = code.personNo as number;
      const person = await readPerson(tx, personNo);
      if (!person) throw used();
      if (!(await setEmail(tx, personNo, code.email, clock.now())))
        throw new CallerError('already_exists', 'another account has this address meanwhile', { field: 'email' });
      // What lies in the old mailbox opens nothing any more.
      await endAccountLinks(tx, personNo);
      const event = { act: 'email_changed', personNo, subjectPersonNo: personNo, address: from.address } as const;
      await writeAudit(tx, { ...event, detail: { from: person.email, to: code.email } }, clock.now());
      await announcePeople(tx, [personNo]);
      return { before: person, email: code.email };
    });
    this.#sessions.remembered.forget([before.personNo]);
    const notice = { kind: 'emailChanged', page: '/reset', language: before.language, name: before.name, what: email } as const;
    await this.#links.tell(notice, before.email).catch((error: unknown) => {
      logger.warn('the old address of an account could not be told of the new one', { error });
    });
  }

  async #prepare(email: string, { name, password, language }: NewAccount) {
    const checkedName = checkName(name);
    checkPassword('password', password, [checkedName, email.split('@')[0] as string]);
    const passwordHash = await this.#context.passwords.hash(password);
    return {
      name: checkedName,
      language,
      passwordHash,
      isEmailVerified: true,
      id: makeId(idPrefixes.person, this.#context.random),
    };
  }

  async #take(tx: Transaction, value: string, purpose: CodePurpose): Promise<MailedCode> {
    const code = await takeCode(tx, digestOf(value), this.#context.clock.now());
    if (code?.purpose !== purpose) throw used();
    return code;
  }

  async #make(tx: Transaction, account: NewPerson, from: Whence): Promise<Person> {
    const { clock } = this.#context;
    const person = await insertPerson(tx, account, clock.now());
    const { personNo, id } = person;
    const event = { act: 'account_made', personNo, subject: id, subjectPersonNo: personNo, address: from.address } as const;
    await writeAudit(tx, event, clock.now());
    return person;
  }
}
