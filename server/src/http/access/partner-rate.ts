import { CallerError } from '../../kernel/index.ts';

/** Named limits of what apps ask of one process. docs/limits.md says what happens at each. */
export const partnerRateLimits = {
  /** Quotas are of so long a time. */
  windowSeconds: 60,
  /** Apps of which it is remembered what they have left; one that has all of it is forgotten first. */
  bucketsMax: 10_000,
} as const;

interface Bucket {
  tokens: number;
  /** When `tokens` was right, ms. */
  atMs: number;
}

/** The headers of draft-ietf-httpapi-ratelimit-headers-10. */
export interface RateHeaders {
  /** `"app";q=600;w=60`: so many requests in so many seconds. */
  readonly 'ratelimit-policy': string;
  /** `"app";r=599;t=1`: so many are left, and all of them are again in so many seconds. */
  readonly ratelimit: string;
}

const policy = 'app';

/**
 * A token bucket of each app: it holds the quota of a minute, and fills evenly. Who asks evenly is never refused; who was silent may ask for a
 * minute's quota at once.
 */
export class PartnerRates {
  readonly #now: () => number;
  readonly #buckets = new Map<number, Bucket>();

  /** `now`: ms of a clock that never steps. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes one request. `told` gets the headers of the answer, whichever it is. Throws `too_many_requests`. */
  take(app: { readonly appNo: number; readonly requestsPerMinute: number }, told: (headers: RateHeaders) => void): void {
    const { windowSeconds } = partnerRateLimits;
    const quota = app.requestsPerMinute;
    const perMs = quota / (windowSeconds * 1000);
    const nowMs = this.#now();
    const bucket = this.#bucketOf(app.appNo, quota, nowMs);
    bucket.tokens = Math.min(quota, bucket.tokens + Math.max(0, nowMs - bucket.atMs) * perMs);
    bucket.atMs = nowMs;
    const isGiven = bucket.tokens >= 1;
    if (isGiven) bucket.tokens--;
    const fullInSeconds = Math.ceil((quota - bucket.tokens) / perMs / 1000);
    told({
      'ratelimit-policy': `"${policy}";q=${quota};w=${windowSeconds}`,
      ratelimit: `"${policy}";r=${Math.floor(bucket.tokens)};t=${fullInSeconds}`,
    });
    if (isGiven) return;
    const retryAfterSeconds = Math.max(1, Math.ceil((1 - bucket.tokens) / perMs / 1000));
    throw new CallerError('too_many_requests', `this app may ask ${quota} times in ${windowSeconds} seconds`, {
      retryAfterSeconds,
    });
  }

  #bucketOf(appNo: number, quota: number, nowMs: number): Bucket {
    const known = this.#buckets.get(appNo);
    if (known) return known;
    if (this.#buckets.size >= partnerRateLimits.bucketsMax) this.#forgetFull(nowMs);
    const bucket = { tokens: quota, atMs: nowMs };
    this.#buckets.set(appNo, bucket);
    return bucket;
  }

  /** One that was not asked of for a window is full. If none is, the oldest goes. */
  #forgetFull(nowMs: number): void {
    const fullBeforeMs = nowMs - partnerRateLimits.windowSeconds * 1000;
    for (const [appNo, { atMs }] of this.#buckets) if (atMs <= fullBeforeMs) this.#buckets.delete(appNo);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= partnerRateLimits.bucketsMax && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
