import { type Milepost, type MilepostOptions, startMilepost } from '../support/start-milepost.ts';
import type { Size } from './size.ts';
import { PeakMemory } from './support/peak-memory.ts';

/** What a scenario works with: servers, and what is undone at its end whatever happens. */
export class TortureContext {
  readonly size: Size;
  readonly say: (line: string) => void;
  readonly memory = new PeakMemory();
  #closed: Promise<void> | undefined;
  readonly #endings: (() => void | Promise<void>)[] = [];

  constructor(size: Size, say: (line: string) => void) {
    this.size = size;
    this.say = say;
  }

  /** The first for a full run, the second for a short one. */
  bySize<T>(full: T, short: T): T {
    return this.size === 'full' ? full : short;
  }

  /** Is called when the scenario is over, the last one first. */
  atEnd(end: () => void | Promise<void>): void {
    this.#endings.push(end);
  }

  /** A server on free ports with a data folder of its own, which goes with the scenario. */
  async start(options: Omit<MilepostOptions, 'mode'> = {}): Promise<Milepost> {
    const milepost = await startMilepost({ mode: 'serve', ...options });
    this.atEnd(() => milepost.close());
    this.memory.watch(() => milepost.pid);
    return milepost;
  }

  /** Once, however often it is asked for; one thing that cannot be undone keeps no other from being undone. */
  close(): Promise<void> {
    this.#closed ??= this.#undo();
    return this.#closed;
  }

  async #undo(): Promise<void> {
    this.memory.stop();
    for (const end of this.#endings.splice(0).toReversed()) {
      try {
        await end();
      } catch (error) {
        this.say(`could not be undone: ${String(error)}`);
      }
    }
  }
}
