/** Work in pieces: each `yield` ends one, and what people do meanwhile comes before the next. */
export type Pieces = Generator<undefined, void, undefined>;

/** So many works wait at most. With more they come faster than they are done piece by piece, and all of them are done at once. */
export const waitingMax = 16;

/** Calls back in a task of its own, which comes after what people did. Not by a timer: those of a window that nobody looks at are a second late. */
export const makeNextTask = (): ((act: () => void) => void) => {
  const channel = new MessageChannel();
  const acts: (() => void)[] = [];
  channel.port1.onmessage = () => acts.shift()?.();
  return (act) => {
    acts.push(act);
    channel.port2.postMessage(undefined);
  };
};

/** Does works one after the other, in the order in which they came, a piece at a time. `nextTask` has a moment for each further piece. */
export class TaskQueue {
  readonly #waiting: Pieces[] = [];
  readonly #nextTask: (act: () => void) => void;
  #isCalled = false;

  constructor(nextTask: (act: () => void) => void) {
    this.#nextTask = nextTask;
  }

  /** The first piece is done at once when nothing waits. */
  add(work: Pieces): void {
    this.#waiting.push(work);
    if (this.#waiting.length > waitingMax) while (this.#waiting.length > 0) this.#next();
    else if (this.#waiting.length === 1) this.#step();
  }

  #step(): void {
    try {
      this.#next();
    } finally {
      if (this.#waiting.length > 0 && !this.#isCalled) {
        this.#isCalled = true;
        this.#nextTask(() => {
          this.#isCalled = false;
          this.#step();
        });
      }
    }
  }

  /** A piece of the first work. One that fails is over. */
  #next(): void {
    let isOver = true;
    try {
      isOver = this.#waiting[0]?.next().done !== false;
    } finally {
      if (isOver) this.#waiting.shift();
    }
  }
}
