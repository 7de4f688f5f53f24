import type { People } from '../people/index.ts';
import type { Partners } from '../partners/index.ts';
import { systemRandom } from '../registry/index.ts';
import { type Consents, GrantReminders, Invitations, openConsents, openReceipts, type Receipts } from '../sharing/index.ts';
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
  registry.whenVehicleEnds((tx, vehicleNo, nowMs) => consents.endGrantsOfVehicle(tx, vehicleNo, 'vehicle_ended', nowMs));
  const stopListening = endWithApps(consents, partners, { clock, logger });
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

/** After which grants that could not be ended are ended. */
const endAgainAfterMs = 10_000;

/** Ends the grants of apps that were suspended or have ended; answers how to stop. Also those from while nobody looked. */
export const endWithApps = (
  consents: Pick<Consents, 'book' | 'endGrantsOfApps'>,
  { directory }: Pick<Partners, 'directory'>,
  { clock, logger }: Pick<Base, 'clock' | 'logger'>,
): (() => void) => {
  let cancel = (): void => {};
  let isOver = false;
  const failed = (error: unknown): void => {
    logger.warn('grants of an app could not be ended: they are tried again', { error });
    cancel();
    if (!isOver) cancel = clock.after(endAgainAfterMs, look);
  };
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
  const stopListening = directory.listen(look);
  return () => {
    isOver = true;
    cancel();
    stopListening();
  };
};

/** Tells holders of what ends soon. */
export const remindersOf = (
  timed: Pick<Base, 'clock' | 'logger'>,
  { storage, registry }: Pick<Stored, 'storage' | 'registry'>,
  known: { readonly people: Pick<People, 'mails'>; readonly consents: Consents; readonly partners: Pick<Partners, 'directory'> },
): GrantReminders => {
  const { people, consents, partners } = known;
  return new GrantReminders({
    ...timed,
    storage,
    book: consents.book,
    tell: async (holder, grants) => {
      const names = await consents.namesOf(grants.flatMap(({ reader }) => (reader.kind === 'person' ? [reader.personNo] : [])));
      const apps = new Map(partners.directory.list().map(({ appNo, name }) => [appNo, name]));
      const ending = grants.map(({ reader, vehicleNo, untilMs }) => {
        const vehicle = registry.directory.vehicleByNo(vehicleNo);
        const name = reader.kind === 'app' ? apps.get(reader.appNo) : names.get(reader.personNo);
        return { reader: name ?? '', vehicle: vehicle?.plate ?? vehicle?.vin ?? '', untilMs: untilMs ?? 0 };
      });
      await people.mails.grantsEnd(holder.kind === 'person' ? holder : { customerNo: holder.customerNo }, ending);
    },
  });
};

/** … again and again; each process looks, one tells. */
export const startReminders = (base: Base, stored: Stored, known: Parameters<typeof remindersOf>[2], closers: Closers): void => {
  const reminders = remindersOf(base, stored, known);
  reminders.start();
  closers.add('reminders', () => reminders.close());
};
