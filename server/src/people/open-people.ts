import type { Clock, Logger } from '../kernel/index.ts';
import { type Random, systemRandom } from '../registry/index.ts';
import type { Storage } from '../storage/index.ts';
import { Accounts } from './accounts.ts';
import { makeChallenges } from './challenges.ts';
import { Links, peopleActor, type PeopleContext, peopleChannel } from './context.ts';
import { SignInFailures } from './failures.ts';
import { peopleLimits } from './limits.ts';
import { Management } from './management.ts';
import { Members } from './members.ts';
import { OwnAccount } from './own-account.ts';
import { Outside } from './outside.ts';
import { OwnActs } from './own-acts.ts';
import { Passkeys } from './passkeys.ts';
import { PeopleMails } from './mails.ts';
import { makePasswords, type Passwords } from './passwords.ts';
import type { Mailer } from './ports.ts';
import { makeSeal } from './seal.ts';
import { Sessions } from './sessions.ts';
import { PasswordSignIn } from './sign-in.ts';
import { dropAuditMonths, makeAuditMonths } from '../audit/index.ts';
import { sweepChallenges } from './store-passkeys.ts';
import { readPersonByEmail, readPersonById } from './store-people.ts';
import { sweepSessions } from './store-sessions.ts';
import { makeTotpSecrets } from './totp.ts';
import type { OutsideProvider, Person } from './types.ts';

export interface PeopleOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pepper: Uint8Array;
  readonly mailer: Mailer;
  readonly publicUrl: () => string;
  readonly random?: Random;
  /** Tests hash with less. */
  readonly passwords?: Passwords;
  /** How long the audit log is kept; whole months go. */
  readonly auditDays?: number;
  /** Where else people may be known. */
  readonly providers?: readonly OutsideProvider[];
}

export interface People {
  readonly sessions: Sessions;
  readonly signIn: PasswordSignIn;
  readonly accounts: Accounts;
  readonly own: OwnAccount;
  readonly members: Members;
  readonly management: Management;
  readonly passkeys: Passkeys;
  /** By id; undefined: there is none, or its account has ended. */
  find(personId: string): Promise<Person | undefined>;
  /** By e-mail, as it was typed. */
  findByEmail(email: string): Promise<Person | undefined>;
  readonly outside: Outside;
  /** Mails that other domains have reason to send. */
  readonly mails: PeopleMails;
  /** Removes what is over, makes room for the audit log of the next months and drops its oldest. */
  tend(): Promise<void>;
  close(): Promise<void>;
}

const hourMs = 3_600_000;
const dayMs = 86_400_000;

export const openPeople = async (options: PeopleOptions): Promise<People> => {
  const { storage, clock, logger, auditDays = peopleLimits.auditDaysDefault } = options;
  const context: PeopleContext = {
    ...options,
    random: options.random ?? systemRandom,
    passwords: options.passwords ?? makePasswords(),
    totp: makeTotpSecrets(options.pepper),
  };
  const links = new Links(context);
  const sessions = new Sessions(context);
  const acts = new OwnActs(context, sessions, links);
  const failures = new SignInFailures(clock);
  const challenges = makeChallenges(options.pepper, clock, context.random);
  const heard = (payload: string): void => sessions.remembered.forget(JSON.parse(payload) as number[]);
  const hearing = await storage.listen(peopleChannel, heard, () => sessions.remembered.forgetAll());
  const tend = (): Promise<void> =>
    storage.withActor(peopleActor, async (tx) => {
      const nowMs = clock.now();
      await makeAuditMonths(tx, nowMs);
      const dropped = await dropAuditMonths(tx, nowMs - auditDays * dayMs);
      if (dropped > 0) logger.info('old months of the audit log were dropped', { months: dropped });
      await sweepSessions(tx, nowMs - dayMs);
      await sweepChallenges(tx, nowMs);
    });
  let cancel = (): void => {};
  let isClosed = false;
  const schedule = (afterMs: number): void => {
    if (isClosed) return;
    cancel = clock.after(afterMs, () => {
      tend()
        .catch((error: unknown) => logger.warn('sessions and the audit log could not be tended', { error }))
        .finally(() => schedule(hourMs));
    });
  };
  await tend();
  schedule(hourMs);
  return {
    sessions,
    signIn: new PasswordSignIn(context, sessions, failures),
    accounts: new Accounts(context, sessions, links),
    members: new Members(context, sessions, links),
    management: new Management(context, sessions),
    own: new OwnAccount(context, acts),
    passkeys: new Passkeys(context, { sessions, acts, failures, challenges }),
    find: (personId) => storage.withActor(peopleActor, (tx) => readPersonById(tx, personId)),
    findByEmail: (email) => storage.withActor(peopleActor, (tx) => readPersonByEmail(tx, email.trim().toLowerCase())),
    outside: new Outside(
      context,
      { sessions, acts, failures, seal: makeSeal(options.pepper, 'milepost outside sign-ins 1') },
      options.providers ?? [],
    ),
    mails: new PeopleMails(context, links),
    tend,
    close: async () => {
      isClosed = true;
      cancel();
      await hearing.close();
      await options.mailer.close();
    },
  };
};
