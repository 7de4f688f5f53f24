import type { Gap } from '../charts/history-series.ts';

/** How many seconds of a trip pass in one. */
export const playSpeeds = [1, 5, 10, 30, 60] as const;
export type PlaySpeed = (typeof playSpeeds)[number];
export const playSpeedDefault: PlaySpeed = 30;

/** A time of which nothing is known is passed within so long, real time. */
export const gapPlayMsMax = 1200;

/** Where a trip that is played stands after so much real time. */
export const advance = (timeMs: number, elapsedMs: number, speed: number, gaps: readonly Gap[], endMs: number): number => {
  let at = timeMs;
  let leftMs = elapsedMs;
  while (leftMs > 0 && at < endMs) {
    const here = at;
    const gap = gaps.find(({ from, to }) => here >= from && here < to);
    const nextGap = gaps.find(({ from }) => from > here);
    const until = Math.min(endMs, gap?.to ?? nextGap?.from ?? endMs);
    const rate = gap ? Math.max(speed, (gap.to - gap.from) / gapPlayMsMax) : speed;
    const neededMs = (until - at) / rate;
    at = neededMs <= leftMs ? until : at + leftMs * rate;
    leftMs -= neededMs;
  }
  return Math.min(at, endMs);
};
