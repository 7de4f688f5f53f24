import { type Random, systemRandom } from '../registry/index.ts';
import { PartnerApps } from './apps.ts';
import { partnersChannel, type PartnersContext } from './context.ts';
import { AppDirectory } from './directory.ts';
import { PartnerOrganisations } from './organisations.ts';

export interface PartnersOptions extends Omit<PartnersContext, 'random'> {
  readonly random?: Random;
}

export interface Partners {
  readonly organisations: PartnerOrganisations;
  readonly apps: PartnerApps;
  /** All apps, in memory. */
  readonly directory: Pick<AppDirectory, 'find' | 'list' | 'listen'>;
  /** False while changes were heard of that could not be read yet: partners are refused meanwhile. */
  isCurrent(): boolean;
  close(): Promise<void>;
}

const retryMs = 500;

export const openPartners = async (options: PartnersOptions): Promise<Partners> => {
  const { storage, logger, clock } = options;
  const context: PartnersContext = { ...options, random: options.random ?? systemRandom };
  const directory = new AppDirectory(storage);
  let isClosed = false;
  let unread = 0;
  // What was heard of and not read yet may be a suspension: until then nobody is let in.
  const read = (organisationNo: number | null): void => {
    unread++;
    const attempt = (): void => {
      if (isClosed) return;
      directory.read(organisationNo).then(
        () => void unread--,
        (error: unknown) => {
          logger.warn('apps of partners could not be read', { error });
          clock.after(retryMs, attempt);
        },
      );
    };
    attempt();
  };
  const hearing = await storage.listen(
    partnersChannel,
    (payload) => read(Number(payload)),
    () => read(null),
  );
  await directory.read(null);
  return {
    organisations: new PartnerOrganisations(context),
    apps: new PartnerApps(context, directory),
    directory,
    isCurrent: () => unread === 0,
    close: async () => {
      isClosed = true;
      await hearing.close();
    },
  };
};
