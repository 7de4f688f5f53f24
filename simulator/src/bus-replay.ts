import { type BusFix, windowSeconds } from './bus-recording.ts';
import { originMs, type Replay, type Signals, slowSignals, tireRiseC } from './model.ts';
import { paths } from './paths.ts';
import type { Profile } from './profile.ts';
import { chance } from './random.ts';

const heartbeatSeconds = 60;
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

/** Replays one bus: its recorded fixes in the windows one after the other, and a heartbeat each minute. */
export const makeBusReplay = (profile: Profile, windows: readonly (readonly BusFix[])[]): Replay => {
  const cycleSeconds = windows.length * windowSeconds;
  const wayOf = (window: readonly BusFix[]): number => (window.at(-1)?.metres ?? 0) * roadPerStraight;
  const metresBefore = windows.map((_, i) => windows.slice(0, i).reduce((sum, window) => sum + wayOf(window), 0));
  const cycleMetres = windows.reduce((sum, window) => sum + wayOf(window), 0);
  const beat = Math.floor(chance(profile.seed, 'beat', profile.index) * heartbeatSeconds);

  const atFix = (fix: BusFix, window: number, timeMs: number, cycle: number): Signals => {
    const drivenM = fix.metres * roadPerStraight;
    const usedPercent = (drivenM / (profile.rangeAtFullChargeM * (profile.healthPercent / 100))) * 100;
    const socPercent = Math.max(emptyPercent, fullPercent - usedPercent);
    return {
      ...slowSignals(profile, {
        timeMs,
        ambientC: ambientAt(fix.second),
        riseC: tireRiseC(fix.second),
        socPercent,
        mileageM: cycle * cycleMetres + (metresBefore[window] as number) + drivenM,
        load: `${cycle} ${window} ${Math.floor(fix.second / 900)}`,
      }),
      [paths.latitude]: fix.lat,
      [paths.longitude]: fix.lon,
      [paths.speed]: fix.speedKmh,
      [paths.energyPercent]: Math.round(socPercent * 100) / 100,
      [paths.isCharging]: false,
      ...(Number.isNaN(fix.heading) ? {} : { [paths.heading]: Math.round(fix.heading * 10) / 10 }),
    };
  };

  return (timeMs) => {
    const second = Math.floor((timeMs - originMs) / 1000);
    const cycle = Math.floor(second / cycleSeconds);
    const inCycle = second - cycle * cycleSeconds;
    const window = Math.floor(inCycle / windowSeconds);
    const fixes = windows[window] as readonly BusFix[];
    const fix = fixes[lastAt(fixes, inCycle % windowSeconds)];
    if (fix?.second === inCycle % windowSeconds) return atFix(fix, window, timeMs, cycle);
    return second % heartbeatSeconds === beat ? 'heartbeat' : undefined;
  };
};
