import type { Clock } from '../kernel/index.ts';
import { peopleLimits } from './limits.ts';
import type { SignedIn } from './types.ts';

interface Entry {
  readonly signedIn: SignedIn;
  readonly readAtMs: number;
}

/**
 * Who is known by which session or token, so that a request need not ask the database. A change of a person, in whichever process, is heard
 * and forgets what is known of them; what was not heard of is asked for again after a minute.
 */
export class Remembered {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(personNos: readonly number[] | null) => void>();
  /** Grows with each forgetting: what was being read meanwhile is not kept. */
  #turn = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async find(digest: Buffer, read: () => Promise<SignedIn | undefined>): Promise<SignedIn | undefined> {
    const key = digest.toString('base64');
    const known = this.#entries.get(key);
    const nowMs = this.#clock.steady();
    if (known && nowMs - known.readAtMs < peopleLimits.rememberedMs) return known.signedIn;
    const turn = this.#turn;
    const signedIn = await read();
    this.#entries.delete(key);
    if (signedIn && turn === this.#turn) this.#keep(key, { signedIn, readAtMs: nowMs });
    return signedIn;
  }

  forget(personNos: readonly number[]): void {
    this.#turn++;
    for (const [key, { signedIn }] of this.#entries) if (personNos.includes(signedIn.person.personNo)) this.#entries.delete(key);
    this.#tell(personNos);
  }

  forgetAll(): void {
    this.#turn++;
    this.#entries.clear();
    this.#tell(null);
  }

  /** `null`: of anybody. Answers how to stop listening. */
  listen(listener: (personNos: readonly number[] | null) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(personNos: readonly number[] | null): void {
    for (const listener of this.#listeners) listener(personNos);
  }

  #keep(key: string, entry: Entry): void {
    if (this.#entries.size >= peopleLimits.rememberedMax) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest as string);
    }
    this.#entries.set(key, entry);
  }
}
