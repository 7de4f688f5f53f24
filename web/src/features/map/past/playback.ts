import type { PastFrame } from './past-frame.ts';
import { framesAheadMax } from './past-frames.ts';

/** How many seconds of the past pass in one. */
export const speeds = [1, 10, 60, 300, 600] as const;
export type Speed = (typeof speeds)[number];
export const speedDefault: Speed = 60;

/** Shortest time that one frame is the last known, in real time: so often a second the fleet is asked for at most. */
const frameIntervalMs = 250;
/** A frame that takes long is asked for less often: a part of the time is left for everything else. */
const latencyMargin = 1.5;
/** Distances between frames, so that the same moments are asked for when it is played again. */
const stepsMs = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].map((seconds) => seconds * 1000);

/** How far apart frames are, in ms of the past. */
export const frameStepMs = (speed: number, latencyMs: number): number => {
  const shortest = speed * Math.max(frameIntervalMs, latencyMs * latencyMargin);
  return stepsMs.find((step) => step >= shortest) ?? (stepsMs.at(-1) as number);
};

/** The next moment after this one that frames of this distance are made of. */
export const frameAfter = (atMs: number, stepMs: number): number => (Math.floor(atMs / stepMs) + 1) * stepMs;

/** The moments that are needed next while it is played. */
export const framesAhead = (atMs: number, stepMs: number, untilMs: number): number[] => {
  const moments: number[] = [];
  for (let next = frameAfter(atMs, stepMs); next <= untilMs && moments.length < framesAheadMax; next += stepMs)
    moments.push(next);
  return moments;
};

export interface PlayerParts {
  readonly frames: {
    get(atMs: number): PastFrame | undefined;
    want(moments: readonly number[]): void;
    readonly latencyMs: number;
  };
  /** Shows a frame, and the way to the next one if there is one. */
  show(frame: PastFrame, next: PastFrame | undefined): void;
}

/** Goes from frame to frame. Time stands still while the next frame is not there: nothing is shown that is not known. */
export class PastPlayer {
  readonly #parts: PlayerParts;
  #from: PastFrame | undefined;
  #to: PastFrame | undefined;
  #timeMs: number;
  isWaiting = false;

  constructor(parts: PlayerParts, startMs: number) {
    this.#parts = parts;
    this.#timeMs = startMs;
  }

  get timeMs(): number {
    return this.#timeMs;
  }

  /** Moves on by so much real time; not beyond `untilMs`. */
  advance(elapsedMs: number, speed: number, untilMs: number): void {
    const { frames } = this.#parts;
    const stepMs = frameStepMs(speed, frames.latencyMs);
    let wantedMs = Math.min(untilMs, this.#timeMs + elapsedMs * speed);
    if (!this.#from && !this.#begin()) return;
    // Several frames are passed at once when the page was not drawn for a while.
    while (this.#to ? wantedMs >= this.#to.atMs : wantedMs > this.#timeMs) {
      if (this.#to) this.#arrive(this.#to);
      if (!this.#head(stepMs)) {
        wantedMs = this.#timeMs;
        break;
      }
    }
    this.isWaiting = this.#to === undefined && this.#timeMs < untilMs;
    this.#timeMs = Math.max(this.#timeMs, wantedMs);
    frames.want([...(this.#to ? [this.#to.atMs] : []), ...framesAhead(this.#to?.atMs ?? this.#timeMs, stepMs, untilMs)]);
  }

  #begin(): boolean {
    this.#from = this.#parts.frames.get(this.#timeMs);
    this.isWaiting = !this.#from;
    if (this.#from) this.#parts.show(this.#from, undefined);
    else this.#parts.frames.want([this.#timeMs]);
    return this.#from !== undefined;
  }

  #arrive(at: PastFrame): void {
    this.#timeMs = at.atMs;
    this.#from = at;
    this.#to = undefined;
    this.#parts.show(at, undefined);
  }

  #head(stepMs: number): boolean {
    const next = this.#parts.frames.get(frameAfter(this.#timeMs, stepMs));
    if (!next || !this.#from) return false;
    this.#to = next;
    this.#parts.show(this.#from, next);
    return true;
  }
}
