import { onBeforeUnmount, ref, type Ref } from 'vue';
import type { Gap } from '../charts/history-series.ts';
import type { Period } from '../charts/time-range.ts';
import { advance, playSpeedDefault, type PlaySpeed } from './playback.ts';

export interface Playback {
  /** Where it stands, ms. */
  readonly atMs: Readonly<Ref<number>>;
  readonly isPlaying: Readonly<Ref<boolean>>;
  readonly speed: Ref<PlaySpeed>;
  toggle(): void;
  seek(ms: number): void;
}

/** A longer pause between two frames than this was none of the player: the page was not drawn. */
const frameMsMax = 500;

/** Plays a period; from its end it begins again. `settled`: it stands still at a moment that somebody chose. */
export const usePlayback = (
  period: () => Period,
  gaps: () => readonly Gap[],
  startMs: number,
  settled: (ms: number) => void,
): Playback => {
  const atMs = ref(startMs);
  const isPlaying = ref(false);
  const speed = ref<PlaySpeed>(playSpeedDefault);
  let frame = 0;
  let drawnMs = 0;

  const stop = (): void => {
    cancelAnimationFrame(frame);
    isPlaying.value = false;
  };
  const draw = (nowMs: number): void => {
    const { to } = period();
    atMs.value = advance(atMs.value, Math.min(frameMsMax, nowMs - drawnMs), speed.value, gaps(), to);
    drawnMs = nowMs;
    if (atMs.value < to) frame = requestAnimationFrame(draw);
    else {
      stop();
      settled(atMs.value);
    }
  };
  const toggle = (): void => {
    if (isPlaying.value) {
      stop();
      settled(atMs.value);
      return;
    }
    const { from, to } = period();
    if (atMs.value >= to) atMs.value = from;
    isPlaying.value = true;
    drawnMs = performance.now();
    frame = requestAnimationFrame(draw);
  };
  const seek = (ms: number): void => {
    const { from, to } = period();
    atMs.value = Math.min(to, Math.max(from, ms));
    if (!isPlaying.value) settled(atMs.value);
  };
  onBeforeUnmount(stop);
  return { atMs, isPlaying, speed, toggle, seek };
};
