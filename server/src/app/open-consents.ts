import type { People } from '../people/index.ts';
import type { Partners } from '../partners/index.ts';
import { systemRandom } from '../registry/index.ts';
import { type Consents, Invitations, openConsents, openReceipts, type Receipts } from '../sharing/index.ts';
import type { Base, Closers, Stored } from './open-parts.ts';

/** Grants, which end with a transfer of their vehicle and with the app that they were given to. */
export const openConsentsIn = async (
  { clock, logger }: Base,
  { storage, registry, vocabulary }: Pick<Stored, 'storage' | 'registry' | 'vocabulary'>,
  partners: Pick<Partners, 'directory'>,
  closers: Closers,
): Promise<Consents> => {
  const { possessions } = registry;
  const options = {
    storage,
    clock,
    logger,
    random: systemRandom,
    vocabulary: () => vocabulary,
    possession: possessions.directory,
  };
  const consents = await openConsents(options);
  possessions.whenTransferred((tx, vehicleNo, nowMs) => consents.endGrantsOfVehicle(tx, vehicleNo, 'transferred', nowMs));
  const stopListening = endWithApps(consents, partners, (error) => logger.warn('grants of an app could not be ended', { error }));
  closers.add('consents', async () => {
    stopListening();
    await consents.close();
  });
  return consents;
};

/** Who read what. Opened before what reads, so closed after it, with everything written. */
export const openReceiptsIn = async (
  { configuration, clock, logger }: Base,
  { storage, registry }: Pick<Stored, 'storage' | 'registry'>,
  closers: Closers,
): Promise<Receipts> => {
  const possession = registry.possessions.directory;
  const receipts = await openReceipts({ storage, clock, logger, possession, days: configuration.receiptRetentionDays });
  closers.add('receipts', () => receipts.close());
  return receipts;
};

/** Drivers by invitation. */
export const invitationsIn = (
  { clock }: Pick<Base, 'clock'>,
  { storage, registry }: Pick<Stored, 'storage' | 'registry'>,
  { people, consents }: { readonly people: Pick<People, 'mails'>; readonly consents: Consents },
): Invitations => {
  const mailer = {
    count: (address: string, email: string) => people.mails.count(address, email),
    send: (mail: Parameters<People['mails']['inviteDriver']>[0]) => people.mails.inviteDriver(mail),
  };
  return new Invitations({ storage, clock, random: systemRandom, possession: registry.possessions.directory, consents, mailer });
};

/** Ends the grants of apps that were suspended or have ended; answers how to stop. Also those from while nobody looked. */
export const endWithApps = (
  consents: Pick<Consents, 'book' | 'endGrantsOfApps'>,
  { directory }: Pick<Partners, 'directory'>,
  failed: (error: unknown) => void,
): (() => void) => {
  const look = (): void => {
    const apps = new Map(directory.list().map((app) => [app.appNo, app]));
    const over = { app_suspended: new Set<number>(), app_ended: new Set<number>() };
    for (const { reader, state } of consents.book.all()) {
      if (state === 'ended' || reader.kind !== 'app') continue;
      const app = apps.get(reader.appNo);
      if (!app) over.app_ended.add(reader.appNo);
      else if (app.state === 'suspended') over.app_suspended.add(reader.appNo);
    }
    for (const [reason, appNos] of Object.entries(over) as [keyof typeof over, Set<number>][])
      if (appNos.size > 0) consents.endGrantsOfApps([...appNos], reason).catch(failed);
  };
  look();
  return directory.listen(look);
};
