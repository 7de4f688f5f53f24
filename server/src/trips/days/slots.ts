import { OperationalError } from '../../kernel/index.ts';

/** Lets so many pieces of work run at the same time; readers go before the background. */
export class Slots {
  readonly #atOnceMax: number;
  readonly #waitingMax: number;
  readonly #readers: (() => void)[] = [];
  readonly #patient: (() => void)[] = [];
  #running = 0;

  constructor(atOnceMax: number, waitingMax: number) {
    this.#atOnceMax = atOnceMax;
    this.#waitingMax = waitingMax;
  }

  get waiting(): number {
    return this.#readers.length + this.#patient.length;
  }

  /** Throws `overloaded` when too many readers wait. */
  async run<T>(isPatient: boolean, work: () => Promise<T>): Promise<T> {
    await this.#enter(isPatient);
    try {
      return await work();
    } finally {
      this.#running--;
      const next = this.#readers.shift() ?? this.#patient.shift();
      if (next) {
        this.#running++;
        next();
      }
    }
  }

  #enter(isPatient: boolean): Promise<void> | undefined {
    if (this.#running < this.#atOnceMax) {
      this.#running++;
      return undefined;
    }
    if (!isPatient && this.#readers.length >= this.#waitingMax)
      throw new OperationalError('overloaded', `${this.#waitingMax} readers wait for days to be derived`, {
        retryAfterSeconds: 1,
      });
    return new Promise((resolve) => (isPatient ? this.#patient : this.#readers).push(resolve));
  }
}

/** Work for one key comes one after the other. */
export class KeyedQueue {
  readonly #last = new Map<number, Promise<unknown>>();

  run<T>(key: number, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = before ? before.then(work, work) : work();
    this.#last.set(key, mine);
    const forget = (): void => {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }
}
