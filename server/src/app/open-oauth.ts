import { messagePage, type OperatorAccess } from '../http/index.ts';
import { findHolderByVin, grantsOfAnswers, type Oauth, openOauth } from '../oauth/index.ts';
import type { Partners } from '../partners/index.ts';
import type { People } from '../people/index.ts';
import type { Consents, VehicleIds } from '../sharing/index.ts';
import type { Base, Closers, Stored } from './open-parts.ts';

export interface OauthParts {
  readonly people: People;
  readonly partners: Partners;
  readonly consents: Consents;
  readonly vehicleIds: VehicleIds;
  readonly access: OperatorAccess;
  /** Where this process listens, once it does: the issuer, unless a public address is set. */
  readonly listensAt: () => string;
  readonly isDemo: boolean;
}

/** The OAuth server, whose answers become grants. */
export const openOauthIn = async (
  { configuration, clock, logger }: Base,
  { storage, pepper, registry }: Pick<Stored, 'storage' | 'pepper' | 'registry'>,
  { people, partners, consents, vehicleIds, access, listensAt, isDemo }: OauthParts,
  closers: Closers,
): Promise<Oauth> => {
  const oauth = await openOauth({
    storage,
    clock,
    logger,
    pepper,
    people,
    partners,
    answers: grantsOfAnswers({ consents, vehicleIds, directory: registry.directory }),
    findHolder: (vin) => findHolderByVin(storage, vin),
    isBlocked: async (appId, personId) => {
      // The same work for who is not here.
      const blocks = await consents.blocks((await people.find(personId))?.personNo ?? 0);
      return blocks.some(({ organisationNo }) => organisationNo === partners.directory.find(appId)?.organisationNo);
    },
    mayPingPrivate: isDemo,
    publicUrl: () => configuration.publicUrl ?? listensAt(),
    cookieName: access.cookieName,
    renderPage: messagePage,
  });
  closers.add('oauth', () => oauth.close());
  return oauth;
};
