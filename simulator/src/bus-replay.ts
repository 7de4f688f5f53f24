import { type BusFix, windowSeconds } from './bus-recording.ts';
import { originMs, type PastSample, type Replay, type Signals, slowSignals, tireRiseC } from './model.ts';
import { paths } from './paths.ts';
import type { Profile } from './profile.ts';
import { between, chance } from './random.ts';

const heartbeatSeconds = 60;
/** Slow values of the past come at most so often. */
const pastSlowSeconds = 1800;
/** Straight lines between fixes two minutes apart are shorter than the road. */
const roadPerStraight = 1.25;
const fullPercent = 96;
const emptyPercent = 8;

/** Modelled air temperature, degrees Celsius: a mild day with its peak in the middle of the window. */
const ambientAt = (inWindow: number): number => 19 + 6 * Math.sin((Math.PI * inWindow) / windowSeconds);

/** Place of the last fix at or before a second; -1 when there is none. */
const lastAt = (fixes: readonly BusFix[], second: number): number => {
  let low = 0;
  let high = fixes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((fixes[middle] as BusFix).second <= second) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

export interface BusReplay {
  readonly replay: Replay;
  past(fromMs: number, toMs: number): Generator<PastSample>;
}

/** Replays one bus: its recorded fixes in the windows one after the other, and a heartbeat each minute. */
export const makeBusReplay = (profile: Profile, windows: readonly (readonly BusFix[])[]): BusReplay => {
  const cycleSeconds = windows.length * windowSeconds;
  const wayOf = (window: readonly BusFix[]): number => (window.at(-1)?.metres ?? 0) * roadPerStraight;
  const metresBefore = windows.map((_, i) => windows.slice(0, i).reduce((sum, window) => sum + wayOf(window), 0));
  const cycleMetres = windows.reduce((sum, window) => sum + wayOf(window), 0);
  const beat = Math.floor(chance(profile.seed, 'beat', profile.index) * heartbeatSeconds);

  const loadKg = (...moment: number[]): number =>
    between(...profile.payloadKg, profile.seed, profile.kind, 'load', profile.index, ...moment);

  const atFix = (fix: BusFix, window: number, timeMs: number, cycle: number, isFull: boolean): Signals => {
    const drivenM = fix.metres * roadPerStraight;
    const usedPercent = (drivenM / (profile.rangeAtFullChargeM * (profile.healthPercent / 100))) * 100;
    const socPercent = Math.max(emptyPercent, fullPercent - usedPercent);
    const slow = () =>
      slowSignals(profile, {
        timeMs,
        ambientC: ambientAt(fix.second),
        riseC: tireRiseC(fix.second),
        socPercent,
        loadKg: loadKg(cycle, window, Math.floor(fix.second / 900)),
      });
    return {
      ...(isFull ? slow() : {}),
      [paths.mileage]: Math.round(profile.mileageM + cycle * cycleMetres + (metresBefore[window] as number) + drivenM),
      [paths.latitude]: fix.lat,
      [paths.longitude]: fix.lon,
      [paths.speed]: fix.speedKmh,
      [paths.energyPercent]: Math.round(socPercent * 100) / 100,
      [paths.isCharging]: false,
      ...(Number.isNaN(fix.heading) ? {} : { [paths.heading]: Math.round(fix.heading * 10) / 10 }),
    };
  };

  const replay: Replay = (timeMs) => {
    const second = Math.floor((timeMs - originMs) / 1000);
    const cycle = Math.floor(second / cycleSeconds);
    const inCycle = second - cycle * cycleSeconds;
    const window = Math.floor(inCycle / windowSeconds);
    const fixes = windows[window] as readonly BusFix[];
    const fix = fixes[lastAt(fixes, inCycle % windowSeconds)];
    if (fix?.second === inCycle % windowSeconds) return atFix(fix, window, timeMs, cycle, true);
    return second % heartbeatSeconds === beat ? 'heartbeat' : undefined;
  };

  /** Every fix of it, with slow values now and then. */
  function* past(fromMs: number, toMs: number): Generator<PastSample> {
    const windowMs = windowSeconds * 1000;
    for (let n = Math.floor((fromMs - originMs) / windowMs); originMs + n * windowMs < toMs; n++) {
      const cycle = Math.floor(n / windows.length);
      const window = n - cycle * windows.length;
      let slowAt = Number.NEGATIVE_INFINITY;
      for (const fix of windows[window] as readonly BusFix[]) {
        const isFull = fix.second - slowAt >= pastSlowSeconds;
        if (isFull) slowAt = fix.second;
        const time = originMs + n * windowMs + fix.second * 1000;
        if (time >= fromMs && time < toMs) yield { time, signals: atFix(fix, window, time, cycle, isFull) };
      }
    }
  }

  return { replay, past };
};
