import { CallerError } from '../kernel/index.ts';
import { makeId } from '../registry/index.ts';
import type { Transaction } from '../storage/index.ts';
import { writeAudit } from '../audit/index.ts';
import { checkName } from './accounts.ts';
import { checkEmail, idPrefixes, peopleActor, type PeopleContext } from './context.ts';
import type { SignInFailures } from './failures.ts';
import { peopleLimits } from './limits.ts';
import { Openid, type OpenidAnswer, type OpenidQuestion } from './openid.ts';
import { type OwnAct, type OwnActs, self } from './own-acts.ts';
import type { Seal } from './seal.ts';
import type { Sessions } from './sessions.ts';
import { deleteIdentity, findIdentity, insertIdentity, listIdentities, noteIdentityUse } from './store-outside.ts';
import { insertPerson, readPerson, readSecrets } from './store-people.ts';
import type { NewSession, OutsideIdentity, OutsideProvider, Person, Session, SignedIn, Whence } from './types.ts';
import { checkWayIn } from './way-in.ts';

/** What the browser keeps, sealed, while it is at the provider. */
export interface OutsideErrand extends Omit<OpenidQuestion, 'url'> {
  readonly provider: string;
  /** Of whom it is to be linked to; null: to sign in. */
  readonly sessionId: string | null;
  /** Page to go on with. */
  readonly to: string;
  readonly expiresMs: number;
}

export interface OutsideStart {
  readonly url: string;
  /** For a cookie of the browser that is sent there. */
  readonly errand: string;
}

export interface OutsideEnd {
  /** Undefined: it was linked to the account of who is signed in. */
  readonly session: NewSession | undefined;
  readonly to: string;
}

export interface OutsideParts {
  readonly sessions: Sessions;
  readonly acts: OwnActs;
  readonly failures: SignInFailures;
  readonly seal: Seal<OutsideErrand>;
}

type InBrowser = SignedIn & { readonly session: Session };
/** Of the web app: takes what the provider says. */
const returnPage = '/outside';
const gone = (): CallerError => new CallerError('link_used', 'this began in another browser, or too long ago: begin anew');

/**
 * Signing in by providers of OpenID that the operator has named. Somebody is known by issuer and subject; an e-mail address links nothing, because
 * who gives addresses away could give himself somebody else's.
 */
export class Outside {
  readonly #context: PeopleContext;
  readonly #parts: OutsideParts;
  readonly #providers: ReadonlyMap<string, Openid>;

  constructor(context: PeopleContext, parts: OutsideParts, providers: readonly OutsideProvider[]) {
    this.#context = context;
    this.#parts = parts;
    this.#providers = new Map(providers.map((provider) => [provider.id, new Openid(provider, context.logger)]));
  }

  providers(): OutsideProvider[] {
    return [...this.#providers.values()].map(({ provider }) => provider);
  }

  /** `person`: to whom it is to be linked; undefined: to sign in. Throws `not_found`, `unavailable`. */
  async begin(providerId: string, to: string, person?: InBrowser): Promise<OutsideStart> {
    const openid = this.#of(providerId);
    const { url, ...question } = await openid.ask(this.#returnAddress());
    const expiresMs = this.#context.clock.now() + peopleLimits.outsideErrandMs;
    const errand = { ...question, provider: providerId, sessionId: person?.session.id ?? null, to, expiresMs };
    return { url, errand: this.#parts.seal.close(errand) };
  }

  /**
   * `query`: what the provider has added to our address. Throws `link_used`, `unauthorized`, `already_exists` when an account has the address and is
   * not linked, `forbidden` without a verified address, `in_use` when another account is linked, `too_many_failures`, `unavailable`.
   */
  async finish(errandText: string, query: string, signedIn: SignedIn | undefined, from: Whence): Promise<OutsideEnd> {
    const { failures, seal } = this.#parts;
    failures.check(undefined, from);
    const errand = seal.open(errandText);
    if (!errand || errand.expiresMs <= this.#context.clock.now()) throw gone();
    const isToLink = errand.sessionId !== null;
    if (isToLink && signedIn?.session?.id !== errand.sessionId) throw gone();
    const openid = this.#of(errand.provider);
    const answer = await openid.read(new URL(`${this.#returnAddress()}?${query}`), errand).catch((error: unknown) => {
      throw error instanceof CallerError ? failures.fail(undefined, from, error) : error;
    });
    if (isToLink && signedIn) {
      await this.#link(signedIn.person, openid.provider, answer, from);
      return { session: undefined, to: errand.to };
    }
    return { session: await this.#signIn(openid.provider, answer, from), to: errand.to };
  }

  list(person: Person): Promise<OutsideIdentity[]> {
    return this.#context.storage.withActor(self(person), (tx) => listIdentities(tx, person.personNo));
  }

  /** Throws `not_found`, `in_use` for the last way in. */
  async unlink(person: Person, id: string, from: Whence): Promise<void> {
    const audit = (issuer: string): OwnAct => ({ act: 'identity_unlinked', from, subject: id, detail: { issuer } });
    const issuer = await this.#parts.acts.run(person, audit, async (tx) => {
      const removed = await deleteIdentity(tx, person.personNo, id);
      if (removed === undefined) throw new CallerError('not_found', 'there is no provider with this id');
      await checkWayIn(tx, person);
      return removed;
    });
    await this.#parts.acts.tell(person, 'identityUnlinked', issuer);
  }

  #of(id: string): Openid {
    const openid = this.#providers.get(id);
    if (!openid) throw new CallerError('not_found', 'there is no such provider');
    return openid;
  }

  #returnAddress(): string {
    return `${this.#context.publicUrl()}${returnPage}`;
  }

  async #link(person: Person, provider: OutsideProvider, answer: OpenidAnswer, from: Whence): Promise<void> {
    const { issuer, name } = provider;
    const identity = this.#identity(person, issuer, answer);
    const audit: OwnAct = { act: 'identity_linked', from, subject: identity.id, detail: { issuer } };
    await this.#parts.acts.run(person, audit, async (tx) => {
      if (await insertIdentity(tx, identity)) return;
      throw new CallerError('in_use', `this account of ${name} is linked already, or yours is to another one`);
    });
    await this.#parts.acts.tell(person, 'identityLinked', name);
  }

  #identity({ personNo }: Person, issuer: string, { subject, email }: OpenidAnswer): OutsideIdentity {
    const { random, clock } = this.#context;
    const id = makeId(idPrefixes.identity, random);
    return { id, personNo, issuer, subject, email, createdMs: clock.now(), lastUsedMs: null };
  }

  #signIn(provider: OutsideProvider, answer: OpenidAnswer, from: Whence): Promise<NewSession> {
    const { storage, clock } = this.#context;
    const { issuer } = provider;
    return storage.withActor(peopleActor, async (tx) => {
      const known = await findIdentity(tx, issuer, answer.subject);
      const person = known ? await readPerson(tx, known.personNo) : await this.#make(tx, provider, answer, from);
      if (!person) throw new CallerError('unauthorized', 'this account has ended');
      if (known) await noteIdentityUse(tx, known.id, answer.email, clock.now());
      const { personNo } = person;
      const event = { act: 'sign_in', personNo, subjectPersonNo: personNo, address: from.address, detail: { issuer } } as const;
      await writeAudit(tx, event, clock.now());
      return this.#parts.sessions.begin(tx, person, 'outside', from);
    });
  }

  /** An account of somebody whom only the provider knows so far. */
  async #make(tx: Transaction, { issuer, name: provider }: OutsideProvider, answer: OpenidAnswer, from: Whence): Promise<Person> {
    const { clock, random } = this.#context;
    if (answer.email === null)
      throw new CallerError('forbidden', `${provider} vouches for no e-mail address of yours, which an account needs`);
    const email = checkEmail('email', answer.email);
    if (await readSecrets(tx, email))
      throw new CallerError(
        'already_exists',
        `there is an account of this address: sign in, and link ${provider} in your account`,
      );
    const [local = ''] = email.split('@');
    const account = {
      name: checkName(answer.name ?? local),
      email,
      language: answer.language,
      passwordHash: null,
      isEmailVerified: true,
    };
    const person = await insertPerson(tx, { ...account, id: makeId(idPrefixes.person, random) }, clock.now());
    await insertIdentity(tx, this.#identity(person, issuer, answer));
    const { personNo, id } = person;
    const event = { act: 'account_made', personNo, subject: id, subjectPersonNo: personNo, address: from.address } as const;
    await writeAudit(tx, { ...event, detail: { issuer } }, clock.now());
    return person;
  }
}
