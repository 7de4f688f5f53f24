import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { Clock } from '../kernel/index.ts';
import { type Storage, systemActor, type Transaction } from '../storage/index.ts';
import { oauthLimits } from './limits.ts';
import type { Seal } from './seal.ts';
import { consumeRecord, deleteOfGrant, deleteRecord, putRecord, readRecord } from './store-records.ts';

export const oauthActor = systemActor('oauth');
export const oauthChannel = 'milepost_oauth';

/** What has to be forgotten of what is remembered. */
export interface Forgotten {
  readonly grantId?: string;
  readonly appId?: string;
  /** Of a token, in base64. */
  readonly digest?: string;
}

export const announceForgotten = async (tx: Transaction, forgotten: Forgotten): Promise<void> => {
  await sql`select pg_notify(${oauthChannel}, ${JSON.stringify(forgotten)})`.execute(tx);
};

/** What the database has of a value that a client bears. Random values need no slow hash. */
export const digestOf = (value: string): Buffer => createHash('sha256').update(value, 'utf8').digest();

export interface RecordAdapterOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Of ids that are told again: those of requests that are answered later. */
  readonly seal: Seal;
  /** In this process at once, before others hear of it. */
  readonly forget: (forgotten: Forgotten) => void;
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
/** Used tokens that came again a moment ago, at the same time as the first: they are refused by `consume`, which ends nothing. */
const graceMsOf: Readonly<Record<string, number>> = { RefreshToken: oauthLimits.reuseGraceMs };

/** Keeps one kind of what oidc-provider remembers in PostgreSQL. Time is that of the server's clock. */
export class RecordAdapter implements Adapter {
  readonly #kind: string;
  readonly #options: RecordAdapterOptions;

  constructor(kind: string, options: RecordAdapterOptions) {
    this.#kind = kind;
    this.#options = options;
  }

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds: number): Promise<undefined> {
    const { storage, clock, seal } = this.#options;
    const { jti: _jti, ...kept } = payload as Record<string, unknown>;
    const isToldAgain = this.#kind === 'BackchannelAuthenticationRequest';
    const record = {
      kind: this.#kind,
      digest: digestOf(id),
      payload: kept,
      grantId: this.#kind === 'Grant' ? id : textOrNull(kept['grantId']),
      appId: textOrNull(kept['clientId']),
      personId: textOrNull(kept['accountId']),
      sealedId: isToldAgain ? seal.seal(id) : null,
      expiresMs: clock.now() + expiresInSeconds * 1000,
    };
    await storage.withActor(oauthActor, (tx) => putRecord(tx, record));
    return undefined;
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const { storage, clock } = this.#options;
    const record = await storage.withActor(oauthActor, (tx) => readRecord(tx, this.#kind, digestOf(id)));
    if (!record) return undefined;
    const nowMs = clock.now();
    const { payload, expiresMs, consumedMs } = record;
    const isConsumed = consumedMs !== null && nowMs - consumedMs >= (graceMsOf[this.#kind] ?? 0);
    return {
      ...payload,
      jti: id,
      ...(expiresMs <= nowMs ? { exp: 1 } : {}),
      ...(isConsumed ? { consumed: Math.floor(consumedMs / 1000) } : {}),
    } as AdapterPayload;
  }

  /** Of those that come at once one goes on. */
  async consume(id: string): Promise<undefined> {
    const { storage, clock } = this.#options;
    const isFirst = await storage.withActor(oauthActor, (tx) => consumeRecord(tx, this.#kind, digestOf(id), clock.now()));
    if (isFirst) return undefined;
    // The same code at the same moment is one that somebody else has as well.
    if (this.#kind === 'AuthorizationCode') await this.#endAgreementOf(id);
    throw new errors.InvalidGrant('it was used already');
  }

  async #endAgreementOf(id: string): Promise<void> {
    const { storage, forget } = this.#options;
    const record = await storage.withActor(oauthActor, (tx) => readRecord(tx, this.#kind, digestOf(id)));
    const grantId = textOrNull(record?.payload['grantId']);
    if (grantId === null) return;
    await storage.withActor(oauthActor, async (tx) => {
      await deleteOfGrant(tx, null, grantId);
      await announceForgotten(tx, { grantId });
    });
    forget({ grantId });
  }

  async destroy(id: string): Promise<undefined> {
    const { storage, forget } = this.#options;
    const digest = digestOf(id);
    const forgotten: Forgotten = this.#kind === 'Grant' ? { grantId: id } : { digest: digest.toString('base64') };
    await storage.withActor(oauthActor, async (tx) => {
      await deleteRecord(tx, this.#kind, digest);
      await announceForgotten(tx, forgotten);
    });
    forget(forgotten);
    return undefined;
  }

  async revokeByGrantId(grantId: string): Promise<undefined> {
    const { storage, forget } = this.#options;
    await storage.withActor(oauthActor, async (tx) => {
      await deleteOfGrant(tx, this.#kind, grantId);
      await announceForgotten(tx, { grantId });
    });
    forget({ grantId });
    return undefined;
  }

  /** Of device codes, which there are none of. */
  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  findByUid(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

/** Who is signed in is known by our own sessions: those of oidc-provider last for one request. */
export const noSessions: Adapter = {
  upsert: () => Promise.resolve(undefined),
  find: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
  findByUid: () => Promise.resolve(undefined),
  consume: () => Promise.resolve(undefined),
  destroy: () => Promise.resolve(undefined),
  revokeByGrantId: () => Promise.resolve(undefined),
};
