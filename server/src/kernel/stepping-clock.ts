import type { Clock } from './clock.ts';

/** Smaller corrections of the time of day are followed without a word. */
export const clockStepMsMin = 5000;

export interface SteppingClock extends Clock {
  /** Called once for each step, before anybody gets a time after it. Positive: the clock was set forward. */
  onStep(listener: (stepMs: number) => void): void;
}

/**
 * A clock that notices when the time of day is set, by comparing it with the steady one at every look: a wrong clock that was put right, or a
 * machine that was suspended. Gradual corrections are no steps.
 */
export const makeSteppingClock = (clock: Clock): SteppingClock => {
  let tell = (_stepMs: number): void => {};
  let apartMs = clock.now() - clock.steady();
  return {
    now: () => {
      const nowMs = clock.now();
      const apartNowMs = nowMs - clock.steady();
      const stepMs = Math.round(apartNowMs - apartMs);
      apartMs = apartNowMs;
      if (Math.abs(stepMs) >= clockStepMsMin) tell(stepMs);
      return nowMs;
    },
    steady: () => clock.steady(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
    onStep: (listener) => {
      tell = listener;
    },
  };
};
