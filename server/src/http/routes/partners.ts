import type { AppPurposeView, ListedAppView, PartnerAppView, PartnerView } from '@milepost/contract/api';
import { partnerApiLimits } from '@milepost/contract/api';
import type { FastifyRequest } from 'fastify';
import { checkConfirmed } from '../../people/index.ts';
import type { AppPurpose, PartnerActor, PartnerApp, OwnPartner } from '../../partners/index.ts';
import type { Caller } from '../access/authenticate.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { signedInOf } from './people.ts';

const purposeView = ({ purpose, version, language, terms, declaredMs }: AppPurpose): AppPurposeView => ({
  purpose,
  version,
  language,
  terms,
  declaredAt: toIso(declaredMs),
});

export const partnerAppView = (app: PartnerApp): PartnerAppView => ({
  id: app.id,
  name: app.name,
  about: app.about,
  homepage: app.homepage,
  privacyPage: app.privacyPage,
  environment: app.environment,
  state: app.state,
  suspendedFor: app.suspendedFor,
  redirectAddresses: [...app.redirectAddresses],
  pingAddress: app.pingAddress,
  items: app.items.map((item) => ({ ...item })),
  purposes: app.purposes.map(purposeView),
  secrets: app.secrets.map(({ id, createdMs }) => ({ id, createdAt: toIso(createdMs) })),
  requestsPerMinute: app.requestsPerMinute,
  createdAt: toIso(app.createdMs),
});

const partnerView = ({ id, name, role }: OwnPartner, apps: readonly PartnerApp[]): PartnerView => ({
  id,
  name,
  role,
  apps: apps.map(partnerAppView),
});

const listedView = (app: PartnerApp): ListedAppView => ({
  ...partnerAppView(app),
  partner: { id: app.organisationId, name: app.organisationName },
});

export const actorOf = (caller: Caller, request: FastifyRequest): PartnerActor => ({
  personNo: signedInOf(caller).person.personNo,
  address: request.client.address,
});

type PartnerDeps = Pick<HttpDeps, 'partners' | 'oauth' | 'people' | 'sandbox' | 'clock'>;

const addOrganisationRoutes = (routes: RouteRegistrar, { partners, people }: PartnerDeps): void => {
  const { organisations, apps } = partners;
  routes.add('makePartner', async ({ body, caller, request }) => {
    const actor = actorOf(caller, request);
    const made = await organisations.make(body.name, actor);
    // Others hear of it with the commit; here it counts with the next request.
    people.sessions.remembered.forget([actor.personNo]);
    return partnerView(made, []);
  });
  routes.add('readPartner', async ({ params, caller }) => {
    const { personNo } = signedInOf(caller).person;
    const partner = await organisations.read(params.id, personNo);
    return partnerView(partner, await apps.list(partner, personNo));
  });
};

const addAppRoutes = (routes: RouteRegistrar, { partners, oauth, sandbox }: PartnerDeps): void => {
  const { organisations, apps } = partners;
  const memberOf = async (id: string, caller: Caller, request: FastifyRequest) => {
    const by = actorOf(caller, request);
    return { by, partner: await organisations.read(id, by.personNo) };
  };
  routes.add('makePartnerApp', async ({ params, body, caller, request }) => {
    const { by, partner } = await memberOf(params.id, caller, request);
    return partnerAppView(await apps.make(partner, { ...body, pingAddress: body.pingAddress ?? null }, by));
  });
  routes.add('readPartnerApp', async ({ params, caller, request }) => {
    const { by, partner } = await memberOf(params.id, caller, request);
    return partnerAppView(await apps.read(partner, params.app, by.personNo));
  });
  routes.add('changePartnerApp', async ({ params, body, caller, request }) => {
    const { by, partner } = await memberOf(params.id, caller, request);
    return partnerAppView(await apps.change(partner, params.app, body, by));
  });
  routes.add('endPartnerApp', async ({ params, caller, request }) => {
    const { by, partner } = await memberOf(params.id, caller, request);
    await sandbox.endAll(await apps.read(partner, params.app, by.personNo));
    await apps.end(partner, params.app, by);
    await oauth.endAccess(params.app, null);
  });
  routes.add('declarePurpose', async ({ params, body, caller, request }) => {
    const { by, partner } = await memberOf(params.id, caller, request);
    return purposeView(await apps.declarePurpose(partner, params.app, { ...body, purpose: params.purpose }, by));
  });
};

/** A secret lets somebody in: it is made by who gave the password a moment ago. */
const addSecretRoutes = (routes: RouteRegistrar, { partners, clock }: PartnerDeps): void => {
  const { organisations, apps } = partners;
  routes.add('makeAppSecret', async ({ params, caller, request }) => {
    checkConfirmed(signedInOf(caller).session, clock.now());
    const by = actorOf(caller, request);
    const { text, secret } = await apps.makeSecret(await organisations.read(params.id, by.personNo), params.app, by);
    return { text, secret: { id: secret.id, createdAt: toIso(secret.createdMs) } };
  });
  routes.add('endAppSecret', async ({ params, caller, request }) => {
    const by = actorOf(caller, request);
    await apps.endSecret(await organisations.read(params.id, by.personNo), params.app, params.secret, by);
  });
};

/** What the platform says of apps. */
const addJudgementRoutes = (routes: RouteRegistrar, { partners, oauth }: PartnerDeps): void => {
  /** Null: the operator's token. */
  const operatorOf = (caller: Caller): number | null => (caller.actor === 'person' ? caller.signedIn.person.personNo : null);
  const judge = (id: string, reason: string | null, caller: Caller, request: FastifyRequest): Promise<void> =>
    partners.apps.judge(id, reason, operatorOf(caller), request.client.address);
  routes.add('listApps', ({ query }) => {
    const fit = partners.directory
      .list()
      .filter(({ state }) => query.state === undefined || state === query.state)
      .filter(({ environment }) => query.environment === undefined || environment === query.environment)
      .toSorted((a, b) => Number(b.state === 'waiting') - Number(a.state === 'waiting') || b.createdMs - a.createdMs);
    return { items: fit.slice(0, partnerApiLimits.appsListedMax).map(listedView) };
  });
  routes.add('approveApp', ({ params, caller, request }) => judge(params.id, null, caller, request));
  routes.add('suspendApp', async ({ params, body, caller, request }) => {
    await judge(params.id, body.reason, caller, request);
    await oauth.endAccess(params.id, null);
  });
  routes.add('setAppQuota', ({ params, body, caller, request }) =>
    partners.apps.setQuota(params, body.requestsPerMinute, operatorOf(caller), request.client.address),
  );
};

export const addPartnerRoutes = (routes: RouteRegistrar, deps: PartnerDeps): void => {
  addOrganisationRoutes(routes, deps);
  addAppRoutes(routes, deps);
  addSecretRoutes(routes, deps);
  addJudgementRoutes(routes, deps);
};
