import { CallerError } from '../kernel/index.ts';
import { peopleActor, type PeopleContext } from './context.ts';
import type { SignInFailures } from './failures.ts';
import { peopleLimits } from './limits.ts';
import type { Sessions } from './sessions.ts';
import { writeAudit } from '../audit/index.ts';
import { holdPassword, type PersonSecrets, readSecrets, setPassword, useTotpStep } from './store-people.ts';
import type { NewSession, Session, Whence } from './types.ts';

export interface SignInAsk {
  /** E-mail or user name. */
  readonly login: string;
  readonly password: string;
  /** Of the second factor; asked for when it is missing. */
  readonly code?: string;
}

const loginCharactersMax = 254;
const wrong = (): CallerError => new CallerError('unauthorized', 'the name or the password is wrong');

/** Lets people in by password, and a second factor where they have one. */
export class PasswordSignIn {
  readonly #context: PeopleContext;
  readonly #sessions: Sessions;
  readonly #failures: SignInFailures;

  constructor(context: PeopleContext, sessions: Sessions, failures: SignInFailures) {
    this.#context = context;
    this.#sessions = sessions;
    this.#failures = failures;
  }

  /** Throws `unauthorized`, `second_factor_needed`, `too_many_failures`, `overloaded`. */
  async signIn(ask: SignInAsk, from: Whence): Promise<NewSession> {
    const login = ask.login.trim().toLowerCase().slice(0, loginCharactersMax);
    const found = await this.#checkPassword(login, ask.password, from);
    const step = this.#checkCode(found, ask.code, login, from);
    const { storage, clock } = this.#context;
    const { person } = found;
    const rehashed = await this.#rehash(found, ask.password);
    return storage.withActor(peopleActor, async (tx) => {
      // It took a while to find that it fits.
      if (!(await holdPassword(tx, person.personNo, found.passwordHash))) throw this.#failed(login, from);
      if (step !== undefined && !(await useTotpStep(tx, person.personNo, step))) throw this.#failed(login, from);
      if (rehashed) await setPassword(tx, person.personNo, rehashed);
      const session = await this.#sessions.begin(tx, person, step === undefined ? 'password' : 'password_totp', from);
      await writeAudit(tx, this.#act('sign_in', person.personNo, from), clock.now());
      return session;
    });
  }

  /** What lets somebody in is changed only by who says it once more. Throws what `signIn` throws. */
  async confirm(session: Session, login: string, password: string, code: string | undefined, from: Whence): Promise<void> {
    const found = await this.#checkPassword(login, password, from);
    const step = this.#checkCode(found, code, login, from);
    await this.#context.storage.withActor(peopleActor, async (tx) => {
      if (step !== undefined && !(await useTotpStep(tx, session.personNo, step))) throw this.#failed(login, from);
      await this.#sessions.confirm(tx, session);
    });
    this.#sessions.remembered.forget([session.personNo]);
  }

  /** A network that failed too often for this account waits, and learns nothing. */
  async #checkPassword(login: string, password: string, from: Whence): Promise<PersonSecrets> {
    const { storage, passwords } = this.#context;
    this.#failures.check(login, from);
    const found = await storage.withActor(peopleActor, (tx) => readSecrets(tx, login));
    if (found && (await passwords.fits(password, found.passwordHash))) {
      // Many that came at once have failed while this one was looked at.
      this.#failures.check(login, from);
      return found;
    }
    if (!found) await passwords.fits(password, null);
    await this.#note(found, from);
    throw this.#failed(login, from);
  }

  #checkCode({ totp }: PersonSecrets, code: string | undefined, login: string, from: Whence): number | undefined {
    if (!totp) return undefined;
    if (code === undefined || code === '')
      throw new CallerError('second_factor_needed', 'this account has a second factor: send its code as well');
    const step = this.#context.totp.stepOf(totp.sealed, code, this.#context.clock.now(), totp.usedStep);
    if (step === undefined) throw this.#failed(login, from);
    return step;
  }

  #failed(login: string, from: Whence): CallerError {
    return this.#failures.fail(login, from, wrong());
  }

  /** Of an account that is there: its person sees who tried. */
  async #note(found: PersonSecrets | undefined, from: Whence): Promise<void> {
    if (!found) return;
    const { storage, clock } = this.#context;
    const { personNo } = found.person;
    await storage.withActor(peopleActor, (tx) =>
      writeAudit(tx, { ...this.#act('sign_in_failed', personNo, from), personNo: null }, clock.now()),
    );
  }

  #act(act: 'sign_in' | 'sign_in_failed', personNo: number, from: Whence) {
    return { act, personNo, subjectPersonNo: personNo, address: from.address } as const;
  }

  /** Hashes grow with what machines can do: the next time its owner is here. */
  async #rehash({ passwordHash }: PersonSecrets, password: string): Promise<string | undefined> {
    const { passwords } = this.#context;
    return passwordHash !== null && passwords.isWeak(passwordHash) ? passwords.hash(password) : undefined;
  }
}

/** Throws `confirmation_needed` when the password was given too long ago. */
export const checkConfirmed = (session: Session, nowMs: number): void => {
  if (nowMs - session.confirmedMs > peopleLimits.confirmedForMs)
    throw new CallerError('confirmation_needed', 'this needs your password or passkey once more');
};
