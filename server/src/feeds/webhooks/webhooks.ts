import { randomUUID } from 'node:crypto';
import type { FeedEvent } from '@milepost/contract/api';
import type { AuditAct, AuditEvent } from '../../audit/index.ts';
import type { ReadScope } from '../../events/index.ts';
import { assert, CallerError, type Clock, type Logger, makeSealing, type Sealing } from '../../kernel/index.ts';
import { makeId, type Random } from '../../registry/index.ts';
import type { Feed, FeedReader } from '../feed.ts';
import { webhookLimits } from '../limits.ts';
import { stillTold } from '../still-told.ts';
import { checkWebhookAddress, type Reach, retryDelayMs, sendOnce, signatureHeader, signatureOf } from './send.ts';
import * as store from './store.ts';
import type { Delivery, DueDelivery, Outcome, Webhook } from './types.ts';

export interface WebhooksParts extends Reach {
  readonly feed: Feed;
  /** Throws `unavailable`. */
  readonly scopeOf: (appNo: number) => ReadScope;
  /** The app is active: others are told nothing. */
  readonly isActive: (appNo: number) => boolean;
  readonly publicUrl: () => string;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface NewWebhook {
  readonly address: string;
  readonly types: readonly string[];
}

/** Who of a partner acts, and from where. */
export interface WebhookActor {
  readonly personNo: number;
  readonly address: string;
}

const eventOf = (act: AuditAct, { id, address }: Pick<Webhook, 'id' | 'address'>, by: WebhookActor): AuditEvent => ({
  act,
  personNo: by.personNo,
  subject: id,
  address: by.address,
  detail: { to: new URL(address).host },
});

const notFound = (id: string): CallerError => new CallerError('not_found', `there is no webhook ${JSON.stringify(id)}`);

const secretBytes = 32;
const ping = (nowMs: number): FeedEvent | { readonly id: string; readonly type: 'ping'; readonly time: string } => ({
  id: `evt_${randomUUID()}`,
  type: 'ping',
  time: new Date(nowMs).toISOString(),
});

/** Where apps want to be told: each change is a delivery, tried until it is taken or given up. Runs in every process, each webhook in one at a time. */
export class Webhooks {
  readonly #parts: WebhooksParts;
  readonly #worker = randomUUID();
  readonly #secrets: Sealing;
  readonly #events: Sealing;
  readonly #busy = new Map<number, Promise<void>>();
  #cancel: () => void = () => {};
  #looking: Promise<void> = Promise.resolve();
  #tendedMs = 0;
  #isClosed = false;

  constructor(parts: WebhooksParts) {
    this.#parts = parts;
    this.#secrets = makeSealing(parts.feed.parts.pepper, 'milepost feed webhook secret 1');
    this.#events = makeSealing(parts.feed.parts.pepper, 'milepost feed webhook event 1');
  }

  get #storage() {
    return this.#parts.feed.parts.storage;
  }

  list(appNo: number): Promise<readonly Webhook[]> {
    return store.listWebhooks(this.#storage, appNo);
  }

  /** Throws `not_found`. */
  async read(appNo: number, id: string): Promise<Webhook> {
    const found = (await this.list(appNo)).find((one) => one.id === id);
    if (found) return found;
    throw notFound(id);
  }

  /** What changes from now on. Answers the secret, which is never shown again. Throws `invalid_field`, `too_many_requests`. */
  async make(
    appNo: number,
    { address, types }: NewWebhook,
    by: WebhookActor,
  ): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
    const { feed, random, clock } = this.#parts;
    const { text, secret } = this.#newSecret();
    const made = {
      id: makeId('whk_', random),
      appNo,
      address: checkWebhookAddress(address, this.#parts),
      types: [...new Set(types)],
      secrets: [secret],
      position: await feed.now(appNo),
      createdMs: clock.now(),
    };
    if (!(await store.insertWebhook(this.#storage, made, eventOf('webhook_made', made, by))))
      throw new CallerError('in_use', `an app has at most ${webhookLimits.perAppMax} webhooks`);
    return { webhook: await this.read(appNo, made.id), secret: text };
  }

  #newSecret() {
    const { random, clock } = this.#parts;
    const text = `whs_${Buffer.from(random(secretBytes)).toString('base64url')}`;
    const sealed = this.#secrets.seal(text).toString('base64');
    return { text, secret: { id: makeId('wsc_', random), sealed, createdMs: clock.now() } };
  }

  /** A second one beside the first; of two the older one goes. Throws `not_found`. */
  async rotate(webhook: Webhook, by: WebhookActor): Promise<string> {
    const { text, secret } = this.#newSecret();
    const event = eventOf('webhook_secret_made', webhook, by);
    if (!(await store.addSecret(this.#storage, webhook.webhookNo, secret, event))) throw notFound(webhook.id);
    return text;
  }

  async end(webhook: Webhook, by: WebhookActor): Promise<void> {
    const event = eventOf('webhook_ended', webhook, by);
    await store.endWebhook(this.#storage, webhook.webhookNo, event, this.#parts.clock.now());
  }

  async ping(webhook: Webhook): Promise<string> {
    const nowMs = this.#parts.clock.now();
    const one = this.#deliveryOf(null, ping(nowMs));
    await store.addDelivery(this.#storage, webhook.webhookNo, one, nowMs);
    return one.id;
  }

  /** Newest first. */
  deliveries({ webhookNo }: Webhook): Promise<readonly Delivery[]> {
    return store.listDeliveries(this.#storage, webhookNo);
  }

  /** Sends again what was made; answers how many. */
  replay({ webhookNo }: Webhook, which: store.Replayed): Promise<number> {
    return store.replayDeliveries(this.#storage, webhookNo, which, this.#parts.clock.now());
  }

  #deliveryOf(vehicleNo: number | null, event: { readonly type: string }): store.NewDelivery {
    const id = makeId('dlv_', this.#parts.random);
    return { id, type: event.type, vehicleNo, event: this.#events.seal(JSON.stringify(event)) };
  }

  start(): void {
    const { clock, logger } = this.#parts;
    const look = (): void => {
      this.#cancel = clock.after(webhookLimits.lookEveryMs, () => {
        this.#looking = this.#look()
          .catch((error: unknown) => logger.warn('webhooks could not be looked after', { error }))
          .finally(() => (this.#isClosed ? undefined : look()));
      });
    };
    look();
  }

  async #look(): Promise<void> {
    const { clock } = this.#parts;
    const nowMs = clock.now();
    if (nowMs - this.#tendedMs >= webhookLimits.tendEveryMs) {
      this.#tendedMs = nowMs;
      await store.dropOld(this.#storage, nowMs);
    }
    for (const webhook of await store.takeWebhooks(this.#storage, this.#worker, nowMs)) {
      if (this.#busy.has(webhook.webhookNo) || this.#isClosed) continue;
      const work = this.#work(webhook)
        .catch((error: unknown) => this.#parts.logger.warn('a webhook could not be worked on', { webhook: webhook.id, error }))
        .finally(() => this.#busy.delete(webhook.webhookNo));
      this.#busy.set(webhook.webhookNo, work);
    }
  }

  async #work(webhook: Webhook): Promise<void> {
    const { feed, isActive, clock } = this.#parts;
    // Nobody is told while it is not known what was taken back.
    if (!isActive(webhook.appNo) || !feed.parts.book.isHeard()) return;
    await this.#collect(webhook);
    const due = await store.readDue(this.#storage, webhook.webhookNo, clock.now());
    await Promise.all(due.map((delivery) => this.#deliver(webhook, delivery)));
  }

  /** Makes deliveries of what has changed. */
  async #collect(webhook: Webhook): Promise<void> {
    const { feed, scopeOf, clock } = this.#parts;
    const { appNo, types, position, webhookNo } = webhook;
    if ((await store.countWaiting(this.#storage, webhookNo)) >= webhookLimits.waitingMax) return;
    const reader: FeedReader = {
      appNo,
      scope: scopeOf(appNo),
      vehicleNos: new Set(feed.parts.book.vehiclesOf({ kind: 'app', appNo })),
      grantIds: null,
    };
    const page = await feed.page(reader, position, webhookLimits.changesPerLook);
    // Somebody has granted another vehicle meanwhile, of which reports were passed over: the next look begins where this one did.
    for (const vehicleNo of feed.parts.book.vehiclesOf({ kind: 'app', appNo })) if (!reader.vehicleNos.has(vehicleNo)) return;
    const deliveries = page.events.flatMap((event, i) =>
      types.length === 0 || types.includes(event.type) ? [this.#deliveryOf(page.vehicleNos[i] as number, event)] : [],
    );
    await store.addDeliveries(this.#storage, webhook, this.#worker, deliveries, page.position, clock.now());
  }

  async #deliver(webhook: Webhook, delivery: DueDelivery): Promise<void> {
    const { feed, clock } = this.#parts;
    const { appNo } = webhook;
    const outcome = (of: Partial<Outcome>): Promise<void> =>
      store.putOutcome(this.#storage, delivery.deliveryNo, { ...delivery, ...of });
    const event = this.#toldNow(appNo, delivery);
    if (!event) return outcome({ state: 'withheld', doneMs: clock.now() });
    if (delivery.vehicleNo !== null) feed.note(appNo, delivery.vehicleNo, event as FeedEvent, 'webhook');
    const body = JSON.stringify(this.#cloudEvent(event));
    const secrets = webhook.secrets.map(({ sealed }) => this.#secrets.open(Buffer.from(sealed, 'base64')));
    assert(
      secrets.every((secret) => secret !== undefined),
      'secrets of webhooks are sealed under this pepper',
    );
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'milepost-delivery': delivery.id,
      [signatureHeader]: signatureOf(body, secrets, clock.now()),
    };
    const { status, error } = await sendOnce(webhook.address, body, headers, this.#parts);
    const attempts = delivery.attempts + 1;
    const nowMs = clock.now();
    const tried = { attempts, lastStatus: status, lastError: error };
    if (error === null) return outcome({ ...tried, state: 'delivered', doneMs: nowMs });
    if (nowMs - delivery.triedSinceMs >= webhookLimits.deadAfterMs) return outcome({ ...tried, state: 'dead', doneMs: nowMs });
    const [random = 0] = this.#parts.random(1);
    return outcome({ ...tried, nextMs: nowMs + retryDelayMs(attempts, random / 255) });
  }

  /** By the grants of now. Undefined: nothing of it. */
  #toldNow(
    appNo: number,
    { event: sealed, vehicleNo }: DueDelivery,
  ): { readonly id: string; readonly type: string; readonly time: string } | undefined {
    const text = this.#events.open(sealed);
    if (text === undefined) return undefined;
    const event = JSON.parse(text) as FeedEvent;
    if (vehicleNo === null) return event;
    const { feed, scopeOf } = this.#parts;
    return stillTold(feed.parts, scopeOf(appNo), appNo, vehicleNo, event);
  }

  /** CloudEvents 1.0, structured. */
  #cloudEvent(event: { readonly id: string; readonly type: string; readonly time: string; readonly vehicle?: string }) {
    const subject = event.vehicle === undefined ? {} : { subject: event.vehicle };
    const source = `${this.#parts.publicUrl()}/v1/partner`;
    const { id, type, time } = event;
    return { specversion: '1.0', id, source, type, time, ...subject, datacontenttype: 'application/json', data: event };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#looking;
    await Promise.all(this.#busy.values());
    await store.leaveWebhooks(this.#storage, this.#worker).catch(() => {});
  }
}
