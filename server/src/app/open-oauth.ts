import { messagePage, type OperatorAccess } from '../http/index.ts';
import { findHolderByVin, type Oauth, openOauth } from '../oauth/index.ts';
import type { Partners } from '../partners/index.ts';
import type { People } from '../people/index.ts';
import type { Base, Closers, Stored } from './open-parts.ts';

export interface OauthParts {
  readonly people: People;
  readonly partners: Partners;
  readonly access: OperatorAccess;
  /** Where this process listens, once it does: the issuer, unless a public address is set. */
  readonly listensAt: () => string;
  readonly isDemo: boolean;
}

/** The OAuth server. Until grants are made of answers, apps let people sign in, and no more. */
export const openOauthIn = async (
  { configuration, clock, logger }: Base,
  { storage, pepper }: Pick<Stored, 'storage' | 'pepper'>,
  { people, partners, access, listensAt, isDemo }: OauthParts,
  closers: Closers,
): Promise<Oauth> => {
  const oauth = await openOauth({
    storage,
    clock,
    logger,
    pepper,
    people,
    partners,
    answers: undefined,
    findHolder: (vin) => findHolderByVin(storage, vin),
    isBlocked: () => false,
    mayPingPrivate: isDemo,
    publicUrl: () => configuration.publicUrl ?? listensAt(),
    cookieName: access.cookieName,
    renderPage: messagePage,
  });
  closers.add('oauth', () => oauth.close());
  return oauth;
};
