const none: readonly never[] = [];

/** Which vehicles changed in something, by version: who knows an older one asks what is new since. */
export class ChangeLog {
  readonly #kept: number;
  /** Vehicle of each version, the newest last. */
  readonly #changes: number[] = [];
  #version = 0;

  /** @param kept changes that are remembered: who asks for older ones looks at everything anew */
  constructor(kept: number) {
    this.#kept = kept;
  }

  get version(): number {
    return this.#version;
  }

  note(vehicleNo: number): void {
    this.#version++;
    this.#changes.push(vehicleNo);
    if (this.#changes.length > this.#kept) this.#changes.shift();
  }

  /** Undefined: too many to tell. */
  since(version: number): readonly number[] | undefined {
    const missed = this.#version - version;
    if (missed > this.#changes.length) return undefined;
    return missed === 0 ? none : [...new Set(this.#changes.slice(-missed))];
  }
}
