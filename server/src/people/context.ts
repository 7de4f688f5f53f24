import {
  type Clock,
  FailureCounter,
  type FailureLimit,
  CallerError,
  invalidField,
  type Logger,
  networkOf,
} from '../kernel/index.ts';
import type { Random } from '../registry/index.ts';
import { type Storage, systemActor, type Transaction } from '../storage/index.ts';
import { sql } from 'kysely';
import { mailsByAddress, mailsByNetwork, peopleLimits } from './limits.ts';
import { type MailKind, type MailWords, writeMail } from './mail/texts.ts';
import type { Passwords } from './passwords.ts';
import type { Mailer } from './ports.ts';
import { digestOf, makeValue } from './secret-values.ts';
import { insertCode, type MailedCode } from './store-codes.ts';
import type { TotpSecrets } from './totp.ts';
import type { Whence } from './types.ts';

/** What the parts of this domain share. */
export interface PeopleContext {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly passwords: Passwords;
  readonly totp: TotpSecrets;
  readonly mailer: Mailer;
  /** Where the web app is, without a slash at its end: links in mails lead there. */
  readonly publicUrl: () => string;
}

/** Ids outside begin with what they are of. */
export const idPrefixes = { person: 'per_', session: 'ses_', accessToken: 'tok_', passkey: 'pky_', identity: 'out_' } as const;

/** Signing in itself works for nobody yet. */
export const peopleActor = systemActor('people');

export const peopleChannel = 'milepost_people';

/** Tells every process, with the commit, that what it remembers of these people is old. */
export const announcePeople = async (tx: Transaction, personNos: readonly number[]): Promise<void> => {
  await sql`select pg_notify(${peopleChannel}, ${JSON.stringify(personNos)})`.execute(tx);
};

/** Counts against limits, each with the keys that are given. Throws `too_many_requests` before it is done once more than allowed. */
export const makeAskLimit = (limits: readonly FailureLimit[], clock: Clock): ((keys: readonly string[]) => void) => {
  const counters = limits.map((limit) => new FailureCounter(limit));
  return (keys) => {
    const nowMs = clock.steady();
    const waits = counters.map((counter, i) => counter.fail(keys[i] as string, nowMs));
    const waitMs = Math.max(...waits);
    if (waitMs > 0)
      throw new CallerError('too_many_requests', 'too many mails were asked for: wait before the next one', {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
      });
  };
};

const emailPattern = /^[^\s@<>()",;:\\[\]]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}$/;

/** As the database has it. Throws `invalid_field`. */
export const checkEmail = (field: string, text: string): string => {
  const email = text.trim().toLowerCase();
  if (email.length > 254 || !emailPattern.test(email)) throw invalidField(field, text.slice(0, 254), 'an e-mail address');
  return email;
};

export interface LinkAsk {
  readonly code: MailedCode;
  readonly kind: MailKind;
  /** Path of the page that takes the code: `/sign-up`. */
  readonly page: string;
  readonly language: string | null;
  readonly name?: string;
  readonly what?: string;
  readonly lifetimeMs?: number;
}

/** Mails of this domain, with and without a link that works once. */
export class Links {
  readonly #context: PeopleContext;
  readonly #limit: (keys: readonly string[]) => void;

  constructor(context: PeopleContext) {
    this.#context = context;
    this.#limit = makeAskLimit([mailsByNetwork, mailsByAddress], context.clock);
  }

  /** Before anything is looked up, so that the limit tells nothing about who has an account. */
  count(from: Whence, email: string): void {
    this.#limit([networkOf(from.address), email]);
  }

  async send(ask: LinkAsk): Promise<void> {
    const { storage, clock, random } = this.#context;
    const { code, lifetimeMs = peopleLimits.linkLifetimeMs } = ask;
    const value = makeValue(random);
    const nowMs = clock.now();
    await storage.withActor(peopleActor, (tx) =>
      insertCode(tx, digestOf(value), code, { nowMs, expiresMs: nowMs + lifetimeMs, max: peopleLimits.linksMax }),
    );
    await this.#mail(ask, code.email, `${ask.page}?code=${value}`, lifetimeMs);
  }

  /** Without a code: the page is one of the app. */
  tell(ask: Omit<LinkAsk, 'code'>, email: string): Promise<void> {
    return this.#mail(ask, email, ask.page, ask.lifetimeMs ?? peopleLimits.linkLifetimeMs);
  }

  async #mail(ask: Omit<LinkAsk, 'code'>, to: string, path: string, lifetimeMs: number): Promise<void> {
    const { mailer, publicUrl } = this.#context;
    const hours = Math.round(lifetimeMs / 3_600_000);
    const words: MailWords = { link: `${publicUrl()}${path}`, name: ask.name ?? '', hours, what: ask.what ?? '' };
    await mailer.send({ to, ...writeMail(ask.kind, ask.language, words) });
  }
}
