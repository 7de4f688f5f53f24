import { openMailFolder } from '../people/adapters/mail-folder/index.ts';
import { openSmtp } from '../people/adapters/smtp/index.ts';
import { type Mailer, openPeople, type People } from '../people/index.ts';
import type { Erasures } from '../erasure/index.ts';
import { PersonErasures } from '../person-erasure/index.ts';
import { openPersonalExports, type PersonalExports } from '../personal-data/index.ts';
import type { Consents } from '../sharing/index.ts';
import type { Base, Closers, Stored } from './open-parts.ts';
import { readOpenidProviders } from './openid-providers.ts';

/** By SMTP; without it into the data folder, for development. */
const openMailer = async ({ configuration, folder, clock, logger }: Base): Promise<Mailer> => {
  const { smtpUrl, mailFrom: from } = configuration;
  if (smtpUrl !== undefined) return openSmtp({ url: smtpUrl, from });
  return openMailFolder({ folder: folder.mail, from, clock, logger });
};

/** Accounts. `listensAt` is where this process listens, as soon as it does: links in mails lead there unless a public address is set. */
export const openAccounts = async (
  base: Base,
  { storage, pepper }: Pick<Stored, 'storage' | 'pepper'>,
  listensAt: () => string,
  closers: Closers,
): Promise<People> => {
  const { configuration, clock, logger } = base;
  const people = await openPeople({
    storage,
    clock,
    logger,
    pepper,
    mailer: await openMailer(base),
    publicUrl: () => configuration.publicUrl ?? listensAt(),
    auditDays: configuration.auditRetentionDays,
    providers: await readOpenidProviders(configuration.openidProviders),
  });
  closers.add('people', () => people.close());
  return people;
};

/** Files of everything of one person. Those under way end when the server stops. */
export const openPersonalExportsIn = async (
  { clock, logger }: Base,
  { storage }: Pick<Stored, 'storage'>,
  closers: Closers,
): Promise<PersonalExports> => {
  const exports = await openPersonalExports({ storage, clock, logger });
  closers.add('personal exports', () => exports.close());
  return exports;
};

/** Erasures of people: done by whichever process comes first. */
export const openPersonErasuresIn = (
  { configuration, clock, logger }: Base,
  { storage, registry }: Pick<Stored, 'storage' | 'registry'>,
  known: { readonly people: People; readonly consents: Consents; readonly erasures: Erasures },
  closers: Closers,
): PersonErasures => {
  const { logRetentionDays: log, auditRetentionDays: audit, receiptRetentionDays: receipts } = configuration;
  const erasures = new PersonErasures({ storage, registry, clock, logger, ...known, keptDays: { log, audit, receipts } });
  erasures.start();
  closers.add('erasures of people', () => erasures.close());
  return erasures;
};
