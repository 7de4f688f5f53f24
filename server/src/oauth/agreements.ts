import { CallerError } from '../kernel/index.ts';
import type { SignedIn } from '../people/index.ts';
import type { PartnerApp } from '../partners/index.ts';
import type { Storage } from '../storage/index.ts';
import type Provider from 'oidc-provider';
import type { AuthorizationDetail } from 'oidc-provider';
import type { ConsentAnswer, ConsentAnswers } from './ports.ts';
import { digestOf, oauthActor } from './record-adapter.ts';
import { setSharedGrants } from './store-records.ts';

/** A sandbox app is for people of its partner alone: whoever else is asked by it is asked by somebody whom nobody has looked at. */
export const mayAnswer = (app: PartnerApp, { memberships }: SignedIn): boolean =>
  app.state === 'active' && (app.environment === 'live' || memberships.some(({ id }) => id === app.organisationId));

export interface AgreementParts {
  readonly storage: Storage;
  readonly answers: ConsentAnswers | undefined;
}

export interface NewAgreement {
  readonly app: PartnerApp;
  readonly personId: string;
  /** Empty: the app is told who signed in, and no more. */
  readonly answers: readonly ConsentAnswer[];
}

/** Makes what tokens are of. Answers its id. Throws what `ConsentAnswers.give` throws. */
export const makeAgreement = async (
  provider: Provider,
  { storage, answers: port }: AgreementParts,
  { app, personId, answers }: NewAgreement,
): Promise<string> => {
  if (answers.length > 0 && !port) throw new CallerError('forbidden', 'data of vehicles cannot be granted here');
  const given = answers.length > 0 && port ? await port.give(answers) : { grantIds: [], details: [] };
  const grant = new provider.Grant({ accountId: personId, clientId: app.id });
  grant.addOIDCScope('openid');
  for (const detail of given.details) grant.addRar(detail as unknown as AuthorizationDetail);
  const id = await grant.save();
  await storage.withActor(oauthActor, (tx) => setSharedGrants(tx, digestOf(id), given.grantIds));
  return id;
};
