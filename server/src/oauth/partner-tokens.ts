import type { GivenDetail } from '@milepost/contract/api';
import type { PartnerApp, Partners } from '../partners/index.ts';
import { type Clock, OperationalError } from '../kernel/index.ts';
import type { People } from '../people/index.ts';
import type { Storage } from '../storage/index.ts';
import { oauthLimits } from './limits.ts';
import type { ConsentAnswers } from './ports.ts';
import { accessTokenPrefix } from './provider.ts';
import { digestOf, type Forgotten, oauthActor } from './record-adapter.ts';
import { readToken } from './store-records.ts';

/** Who calls with a token that a person gave to an app. */
export interface PartnerToken {
  readonly app: PartnerApp;
  readonly personNo: number;
  readonly personId: string;
  /** The agreement that it is of. */
  readonly agreementId: string;
  /** What it is for; null: for nothing but to know who signed in. */
  readonly audience: string | null;
  /** Grants of vehicle data that it opens. */
  readonly grantIds: readonly string[];
  /** As they were given: `authorization_details`. */
  readonly details: readonly GivenDetail[];
  readonly expiresMs: number;
}

type Entry = Omit<PartnerToken, 'app'> & { readonly appId: string; readonly readAtMs: number };

export interface PartnerTokensParts {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly people: Pick<People, 'find'>;
  readonly partners: Partners;
  readonly answers: ConsentAnswers | undefined;
}

const valuePattern = new RegExp(`^${accessTokenPrefix}[\\w-]{43}$`);

/** Access tokens in memory, so that a read of a partner asks no database. What was not heard of is asked for again after a minute. */
export class PartnerTokens {
  readonly #parts: PartnerTokensParts;
  readonly #entries = new Map<string, Entry>();
  /** Grows with each forgetting: what was being read meanwhile is not kept. */
  #turn = 0;

  constructor(parts: PartnerTokensParts) {
    this.#parts = parts;
  }

  /** Undefined: it is over, or never was. Throws `unavailable` while this process cannot hear of changes. */
  find(text: string): PartnerToken | undefined | Promise<PartnerToken | undefined> {
    if (!valuePattern.test(text)) return undefined;
    const { partners, clock } = this.#parts;
    if (!partners.isCurrent())
      throw new OperationalError('unavailable', 'changes of apps cannot be heard of at the moment', { retryAfterSeconds: 1 });
    const digest = digestOf(text);
    const key = digest.toString('base64');
    const known = this.#entries.get(key);
    const isRemembered = known !== undefined && clock.steady() - known.readAtMs < oauthLimits.rememberedMs;
    return (isRemembered ? this.#judge(known) : undefined) ?? this.#read(digest, key);
  }

  #judge({ appId, readAtMs: _readAtMs, ...token }: Entry): PartnerToken | undefined {
    const { partners, clock } = this.#parts;
    const app = partners.directory.find(appId);
    if (app?.state !== 'active' || token.expiresMs <= clock.now()) return undefined;
    if (!this.#isAnyLeft(token)) return undefined;
    return { ...token, app };
  }

  #isAnyLeft({ grantIds }: Pick<PartnerToken, 'grantIds'>): boolean {
    return grantIds.length === 0 || this.#parts.answers?.isAnyLeft(grantIds) === true;
  }

  async #read(digest: Buffer, key: string): Promise<PartnerToken | undefined> {
    const { storage, clock, people } = this.#parts;
    const turn = this.#turn;
    const row = await storage.withActor(oauthActor, (tx) => readToken(tx, digest, clock.now()));
    const person = row && (await people.find(row.personId));
    this.#entries.delete(key);
    if (!row || !person) return undefined;
    const entry: Entry = {
      appId: row.appId,
      personNo: person.personNo,
      personId: person.id,
      agreementId: row.grantId,
      audience: row.audience,
      grantIds: row.sharedGrants ?? [],
      details: (row.details ?? []) as GivenDetail[],
      expiresMs: row.expiresMs,
      readAtMs: clock.steady(),
    };
    if (turn === this.#turn) this.#keep(key, entry);
    // Another process may have given its grants a moment ago.
    if (!this.#isAnyLeft(entry) && (await this.#parts.answers?.catchUp()) === false)
      throw new OperationalError('unavailable', 'changes of consent cannot be heard now', { retryAfterSeconds: 2 });
    return this.#judge(entry);
  }

  forget({ digest, grantId, appId }: Forgotten): void {
    this.#turn++;
    if (digest !== undefined) this.#entries.delete(digest);
    if (grantId === undefined && appId === undefined) return;
    for (const [key, entry] of this.#entries)
      if (entry.agreementId === grantId || entry.appId === appId) this.#entries.delete(key);
  }

  forgetAll(): void {
    this.#turn++;
    this.#entries.clear();
  }

  #keep(key: string, entry: Entry): void {
    if (this.#entries.size >= oauthLimits.rememberedMax) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest as string);
    }
    this.#entries.set(key, entry);
  }
}
