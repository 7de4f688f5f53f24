import type { PastFrame } from './past-frame.ts';

/** Memory that frames take, at most; the one used longest ago goes first. */
export const frameBytesMax = 48 * 1024 * 1024;
/** Frames of a small fleet, at most. */
export const framesMax = 400;
/** What is asked for ahead of the one that is shown, at most. */
export const framesAheadMax = 5;
/** A frame of the last minutes may still grow: what was on its way arrives. It is asked for again when it is older than this. */
const growsForMs = 120_000;
const freshForMs = 10_000;
/** After a refusal it is asked again not sooner than this. */
const retryMs = 2000;
/** Of the time a frame takes, the newest counts so much. */
const latencyShare = 0.3;

interface Kept {
  readonly frame: PastFrame;
  /** ms; Infinity: it does not change any more. */
  readonly freshUntilMs: number;
}

export interface FrameSource {
  /** Asks the server. */
  fetch(atMs: number, idsBefore: readonly string[]): Promise<PastFrame>;
  nowMs(): number;
  /** Called when a frame came or could not be had. */
  changed(): void;
}

/**
 * Frames of the past, asked for one at a time: what is wanted now goes first, and what was wanted before and is not on its way yet is forgotten.
 */
export class PastFrames {
  readonly #source: FrameSource;
  /** By moment, the one used longest ago first. */
  readonly #kept = new Map<number, Kept>();
  #bytes = 0;
  #wanted: readonly number[] = [];
  #isAsking = false;
  #isClosed = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ids: readonly string[] = [];
  #newest: PastFrame | undefined;
  problem: unknown;
  /** How long a frame takes, ms. */
  latencyMs = 0;

  constructor(source: FrameSource) {
    this.#source = source;
  }

  get(atMs: number): PastFrame | undefined {
    const kept = this.#kept.get(atMs);
    if (!kept || this.#source.nowMs() > kept.freshUntilMs) return undefined;
    this.#kept.delete(atMs);
    this.#kept.set(atMs, kept);
    return kept.frame;
  }

  /** The frame that came last, whoever wanted it. */
  get newest(): PastFrame | undefined {
    return this.#newest;
  }

  /** Says what is needed, the most urgent first, instead of what was needed before. */
  want(moments: readonly number[]): void {
    this.#wanted = moments.slice(0, framesAheadMax);
    this.#next();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#wanted = [];
  }

  #next(): void {
    if (this.#isAsking || this.#isClosed || this.#retry) return;
    const atMs = this.#wanted.find((moment) => this.get(moment) === undefined);
    if (atMs !== undefined) void this.#ask(atMs);
  }

  async #ask(atMs: number): Promise<void> {
    this.#isAsking = true;
    const startMs = performance.now();
    try {
      this.#keep(atMs, await this.#source.fetch(atMs, this.#ids));
      const tookMs = performance.now() - startMs;
      this.latencyMs = this.latencyMs === 0 ? tookMs : this.latencyMs + (tookMs - this.latencyMs) * latencyShare;
      this.problem = undefined;
    } catch (error) {
      this.problem = error;
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.#next();
      }, retryMs);
    }
    this.#isAsking = false;
    if (this.#isClosed) return;
    this.#source.changed();
    this.#next();
  }

  #keep(atMs: number, frame: PastFrame): void {
    const nowMs = this.#source.nowMs();
    const isSettled = nowMs - atMs > growsForMs;
    this.#forget(atMs);
    this.#kept.set(atMs, { frame, freshUntilMs: isSettled ? Number.POSITIVE_INFINITY : nowMs + freshForMs });
    this.#bytes += frame.bytes;
    this.#newest = frame;
    this.#ids = frame.ids;
    for (const oldest of this.#kept.keys()) {
      if ((this.#bytes <= frameBytesMax && this.#kept.size <= framesMax) || oldest === atMs) break;
      this.#forget(oldest);
    }
  }

  #forget(atMs: number): void {
    const kept = this.#kept.get(atMs);
    if (!kept) return;
    this.#bytes -= kept.frame.bytes;
    this.#kept.delete(atMs);
  }
}
