/** Where time comes from. Everything that asks the time or waits takes one, so tests advance it by hand. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  now(): number;
  /** Milliseconds since some moment; never jumps, whatever somebody does to the time of day. For how long something took or may take. */
  steady(): number;
  /** Calls back once after a delay; the answer cancels it. Never keeps the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

interface Waiting {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until `advance` moves it, running what falls due in order. */
export const makeManualClock = (startMs: number): Clock & { advance(byMs: number): void } => {
  let nowMs = startMs;
  const waiting = new Set<Waiting>();
  const nextDue = (untilMs: number): Waiting | undefined => {
    let first: Waiting | undefined;
    for (const entry of waiting) if (entry.at <= untilMs && (!first || entry.at < first.at)) first = entry;
    return first;
  };
  return {
    now: () => nowMs,
    steady: () => nowMs,
    after: (delayMs, callback) => {
      const entry = { at: nowMs + delayMs, callback };
      waiting.add(entry);
      return () => void waiting.delete(entry);
    },
    advance: (byMs) => {
      const untilMs = nowMs + byMs;
      for (let due = nextDue(untilMs); due; due = nextDue(untilMs)) {
        waiting.delete(due);
        nowMs = Math.max(nowMs, due.at);
        due.callback();
      }
      nowMs = untilMs;
    },
  };
};
