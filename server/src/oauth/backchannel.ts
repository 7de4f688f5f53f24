import { writeAudit } from '../audit/index.ts';
import { FailureCounter } from '../kernel/index.ts';
import { systemRandom } from '../registry/index.ts';
import type Provider from 'oidc-provider';
import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { asksByApp, asksByHint, asksByPerson, oauthLimits } from './limits.ts';
import { oauthActor } from './record-adapter.ts';
import type { Seal } from './seal.ts';
import { readWaiting, type WaitingRequest } from './store-records.ts';
import type { OauthOptions } from './types.ts';

/** Begins the ids of requests as their person sees them. */
const idPrefix = 'ask_';
/** Stands for who is not here: asked like anybody, and never answering. */
const decoyPrefix = 'decoy_';
const decoyBytes = 12;
const vinPattern = /^[A-HJ-NPR-Z0-9]{17}$/;
const bindingMessagePattern = /^[\w.+/!?#-]{1,20}$/;
const hintCharactersMax = 254;

export const isDecoy = (accountId: string): boolean => accountId.startsWith(decoyPrefix);

type Asked = Pick<InstanceType<Provider['BackchannelAuthenticationRequest']>, 'accountId' | 'clientId'>;

export interface WaitingAsk {
  readonly id: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly expiresMs: number;
}

/**
 * Requests of apps that know a VIN or an e-mail address (CIBA, poll and ping). Who is not here, has blocked the partner, or was asked too often, is
 * asked all the same: as somebody who never answers. Each way does the same work, so that nothing tells them apart.
 */
export class Backchannel {
  readonly #options: OauthOptions;
  readonly #provider: () => Promise<Provider>;
  readonly #seal: Seal;
  readonly #byHint = new FailureCounter(asksByHint);
  readonly #byApp = new FailureCounter(asksByApp);
  readonly #byPerson = new FailureCounter(asksByPerson);

  constructor(options: OauthOptions, provider: () => Promise<Provider>, seal: Seal) {
    this.#options = options;
    this.#provider = provider;
    this.#seal = seal;
  }

  /** As oidc-provider wants it. */
  feature(): NonNullable<NonNullable<Configuration['features']>['ciba']> {
    return {
      enabled: true,
      deliveryModes: ['poll', 'ping'],
      processLoginHint: (ctx: KoaContextWithOIDC, hint: string) => this.#whoIs(ctx, hint ?? ''),
      processLoginHintToken: () => {
        throw new errors.InvalidRequest('login_hint_token is not taken here: send a login_hint');
      },
      verifyUserCode: () => {},
      validateRequestContext: () => {},
      validateBindingMessage: (_ctx: KoaContextWithOIDC, message: string | undefined) => {
        if (message !== undefined && !bindingMessagePattern.test(message))
          throw new errors.InvalidBindingMessage('binding_message has 1 to 20 letters a to z, digits, or any of - . _ + / ! ? #');
      },
      // The page lists what waits; whoever is not here has no page.
      triggerAuthenticationDevice: (_ctx: KoaContextWithOIDC, { accountId, clientId }: Asked) =>
        this.#noteAsked(accountId, clientId),
    } as never;
  }

  async #whoIs(ctx: KoaContextWithOIDC, hint: string): Promise<string> {
    const { people, findHolder, isBlocked, clock } = this.#options;
    const appId = ctx.oidc.client?.clientId ?? '';
    const asked = hint.trim().slice(0, hintCharactersMax);
    const vin = asked.toUpperCase();
    const isVin = vinPattern.test(vin);
    if (!isVin && !asked.includes('@')) throw new errors.InvalidRequest('login_hint must be a VIN or an e-mail address');
    const nowMs = clock.steady();
    const key = `${appId} ${asked.toLowerCase()}`;
    const waitMs = Math.max(this.#byApp.fail(appId, nowMs), this.#byHint.fail(key, nowMs));
    // Counted by what was sent, so it tells nothing about who it is.
    if (waitMs > 0) throw new errors.InvalidRequest(`too many requests: wait ${Math.ceil(waitMs / 1000)} s before the next one`);
    const personId = isVin ? await findHolder(vin) : (await people.findByEmail(asked))?.id;
    const decoy = decoyPrefix + Buffer.from(systemRandom(decoyBytes)).toString('base64url');
    // Whoever is not here is counted as well: by themselves.
    const isTooOften = this.#byPerson.fail(`${appId} ${personId ?? asked.toLowerCase()}`, nowMs) > 0;
    const isQuiet = (await isBlocked(appId, personId ?? decoy)) || isTooOften;
    return personId === undefined || isQuiet ? decoy : personId;
  }

  /** Not waited for: the answer must not tell by its time whether there is such a person. */
  #noteAsked(accountId: string | undefined, clientId: string | undefined): void {
    const { storage, clock, logger, people, partners } = this.#options;
    const app = partners.directory.list().find(({ id }) => id === clientId);
    if (accountId === undefined || isDecoy(accountId) || !app) return;
    const note = async (): Promise<void> => {
      const person = await people.find(accountId);
      if (!person) return;
      const detail = { app: app.name, partner: app.organisationName };
      const event = { act: 'consent_asked', personNo: null, subject: app.id, subjectPersonNo: person.personNo, detail } as const;
      await storage.withActor(oauthActor, (tx) => writeAudit(tx, event, clock.now()));
    };
    note().catch((error: unknown) => logger.error('that an app asked somebody is not in the audit log', { error, app: app.id }));
  }

  /** What waits for a person. */
  async list(personId: string): Promise<WaitingAsk[]> {
    return (await this.#read(personId, null)).map(waitingOf);
  }

  async find(id: string, personId: string) {
    if (!id.startsWith(idPrefix)) return undefined;
    const [row] = await this.#read(personId, Buffer.from(id.slice(idPrefix.length), 'base64url'));
    if (!row) return undefined;
    const { params, expiresMs } = waitingOf(row);
    return { method: 'ciba' as const, params, expiresMs, finish: (grantId: string | null) => this.#finish(row, grantId) };
  }

  #read(personId: string, digest: Buffer | null): Promise<WaitingRequest[]> {
    const { storage, clock } = this.#options;
    const wanted = { digest, nowMs: clock.now(), max: oauthLimits.waitingListedMax };
    return storage.withActor(oauthActor, (tx) => readWaiting(tx, personId, wanted));
  }

  /** The app finds the answer with its next question, or is told that there is one. Who answered does not wait for that. */
  async #finish({ sealedId }: WaitingRequest, grantId: string | null): Promise<null> {
    const { logger } = this.#options;
    const provider = await this.#provider();
    const request = await provider.BackchannelAuthenticationRequest.find(this.#seal.open(sealedId));
    if (!request) return null;
    if (grantId === null) Object.assign(request, { error: 'access_denied', errorDescription: 'the person said no' });
    else Object.assign(request, { grantId });
    await request.save();
    const client = await provider.Client.find(String(request.clientId));
    if (client?.backchannelTokenDeliveryMode === 'ping')
      client
        .backchannelPing(request)
        .catch((error: unknown) => logger.info('an app did not take its ping', { app: client.clientId, error }));
    return null;
  }
}

const waitingOf = ({ digest, payload, expiresMs }: WaitingRequest): WaitingAsk => {
  const params = { ...(payload['params'] as Record<string, unknown>), client_id: payload['clientId'] };
  return { id: `${idPrefix}${digest.toString('base64url')}`, params, expiresMs };
};
