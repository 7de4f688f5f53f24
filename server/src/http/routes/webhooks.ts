import type { WebhookDeliveryView, WebhookView } from '@milepost/contract/api';
import type { Delivery, Webhook } from '../../feeds/index.ts';
import { checkConfirmed } from '../../people/index.ts';
import type { Caller } from '../access/authenticate.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { readTime, toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { actorOf } from './partners.ts';
import { signedInOf } from './people.ts';

type Deps = Pick<HttpDeps, 'partners' | 'webhooks' | 'clock'>;

const webhookView = ({ id, address, types, secrets, createdMs }: Webhook): WebhookView => ({
  id,
  address,
  types: [...types] as WebhookView['types'],
  secrets: secrets.map((secret) => ({ id: secret.id, createdAt: toIso(secret.createdMs) })),
  createdAt: toIso(createdMs),
});

const deliveryView = ({
  id,
  type,
  state,
  attempts,
  createdMs,
  nextMs,
  doneMs,
  lastStatus,
  lastError,
}: Delivery): WebhookDeliveryView => ({
  id,
  type,
  state,
  attempts,
  createdAt: toIso(createdMs),
  nextAt: state === 'waiting' ? toIso(nextMs) : null,
  doneAt: toIsoOrNull(doneMs),
  lastStatus,
  lastError,
});

interface AppParams {
  readonly id: string;
  readonly app: string;
}

/** Where apps are told of changes: for members of their partner. docs/partner.md */
export const addWebhookRoutes = (routes: RouteRegistrar, { partners, webhooks, clock }: Deps): void => {
  /** Throws `not_found` to who is no member. */
  const appNoOf = async ({ id, app }: AppParams, caller: Caller): Promise<number> => {
    const { personNo } = signedInOf(caller).person;
    return (await partners.apps.read(await partners.organisations.read(id, personNo), app, personNo)).appNo;
  };
  const webhookOf = async (params: AppParams & { readonly webhook: string }, caller: Caller): Promise<Webhook> =>
    webhooks.read(await appNoOf(params, caller), params.webhook);

  routes.add('makeWebhook', async ({ params, body, caller, request }) => {
    checkConfirmed(signedInOf(caller).session, clock.now());
    const wanted = { address: body.address, types: body.types ?? [] };
    const { webhook, secret } = await webhooks.make(await appNoOf(params, caller), wanted, actorOf(caller, request));
    return { webhook: webhookView(webhook), secret };
  });
  routes.add('listWebhooks', async ({ params, caller }) => ({
    items: (await webhooks.list(await appNoOf(params, caller))).map(webhookView),
  }));
  routes.add('endWebhook', async ({ params, caller, request }) =>
    webhooks.end(await webhookOf(params, caller), actorOf(caller, request)),
  );
  routes.add('rotateWebhookSecret', async ({ params, caller, request }) => {
    checkConfirmed(signedInOf(caller).session, clock.now());
    return { secret: await webhooks.rotate(await webhookOf(params, caller), actorOf(caller, request)) };
  });
  routes.add('pingWebhook', async ({ params, caller }) => ({ delivery: await webhooks.ping(await webhookOf(params, caller)) }));
  routes.add('listWebhookDeliveries', async ({ params, caller }) => ({
    items: (await webhooks.deliveries(await webhookOf(params, caller))).map(deliveryView),
  }));
  routes.add('replayWebhook', async ({ params, body, caller }) => {
    const which = 'delivery' in body ? { id: body.delivery } : 'state' in body ? body : { fromMs: readTime('from', body.from) };
    return { deliveries: await webhooks.replay(await webhookOf(params, caller), which) };
  });
};
