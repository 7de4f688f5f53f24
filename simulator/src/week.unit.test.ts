import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreVocabulary, quantise } from '@milepost/contract';
import { makeFleet, type SimulatedVehicle } from './fleet.ts';
import { metresBetween } from './geometry.ts';
import { weekMs, weekStartMs } from './local-week.ts';
import type { PastSample, Signals } from './model.ts';
import { paths } from './paths.ts';
import { makeModelled, makeTwizy, type WeeklyProfile } from './profile.ts';
import { makeTours } from './routes.ts';
import { readTrips } from './twizy-recording.ts';
import { planWeek, usedPercent, weekLevel } from './week.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const tours = makeTours(readTrips(new URL('../data/', import.meta.url)));
const profiles: readonly WeeklyProfile[] = [
  ...Array.from({ length: 12 }, (_, index) => makeTwizy(1, index)),
  ...Array.from({ length: 6 }, (_, index) => makeModelled(1, index)),
];
const fleet = makeFleet(1, 12, 0, 6);
const week = 7;

const nameOf = ({ kind, index }: WeeklyProfile): string => `${kind} ${index}`;

test('a week has no gap, its battery is never empty, and it ends as full as it began, on the same way each week', () => {
  for (const profile of profiles) {
    const ways = new Set<string>();
    for (let number = -3; number < 12; number++) {
      const { phases, metres, endLevel } = planWeek(profile, tours, number);
      ways.add(metres.toFixed(3));
      assert.equal(endLevel, weekLevel, `${nameOf(profile)} in week ${number}`);
      assert.equal(phases[0]?.fromMs, weekStartMs(number, profile.shiftMs));
      assert.equal(phases.at(-1)?.toMs, weekStartMs(number + 1, profile.shiftMs));
      for (const [i, phase] of phases.entries()) {
        assert.ok(phase.toMs > phase.fromMs);
        assert.equal(phase.fromMs, phases[i - 1]?.toMs ?? phase.fromMs);
        assert.ok(phase.levelBefore > 15, `${nameOf(profile)}: ${phase.levelBefore} %`);
      }
    }
    assert.equal(ways.size, 1, nameOf(profile));
  }
});

test('the energy that is charged is the energy that was used, at a power that such a vehicle charges at', () => {
  const most = { twizy: 2.3, van: 50, car: 7.4, bus: 0 } as const;
  for (const profile of profiles) {
    const { phases } = planWeek(profile, tours, week);
    let [used, charged] = [0, 0];
    for (const phase of phases) {
      if (phase.kind === 'drive') used += usedPercent(profile, phase.route, phase.route.trip.rows.length - 1);
      if (phase.kind !== 'stand' || !phase.charge) continue;
      const { levels, charger, fromMs, toMs } = phase.charge;
      const percent = (levels.at(-1) as number) - (levels[0] as number);
      charged += percent;
      assert.ok(fromMs >= phase.fromMs && toMs <= phase.toMs);
      assert.ok(charger.kw <= most[profile.kind]);
      const meanKw = ((percent / 100) * profile.batteryKwh) / ((toMs - fromMs) / hourMs);
      assert.ok(meanKw > 0.5 && meanKw <= charger.kw + 1e-6, `${nameOf(profile)}: ${meanKw} kW`);
    }
    assert.ok(Math.abs(used - charged) < 1e-6, `${nameOf(profile)}: ${used} % used, ${charged} % charged`);
  }
  const isFast = (profile: WeeklyProfile): boolean =>
    planWeek(profile, tours, week).phases.some((phase) => phase.kind === 'stand' && phase.charge?.charger.kw === 50);
  assert.deepEqual(profiles.filter(isFast).map(nameOf), ['van 2']);
});

test('workdays and the weekend differ', () => {
  const kilometres = (profile: WeeklyProfile): number[] => {
    const days = Array.from({ length: 7 }, () => 0);
    for (const phase of planWeek(profile, tours, week).phases) {
      if (phase.kind !== 'drive') continue;
      const day = Math.floor((phase.fromMs - weekStartMs(week, profile.shiftMs)) / dayMs);
      days[day] = (days[day] as number) + (phase.route.trip.metres.at(-1) as number) / 1000;
    }
    return days.map(Math.round);
  };
  assert.deepEqual(kilometres(makeModelled(1, 0)), [101, 101, 50, 101, 51, 50, 0]);
  assert.deepEqual(kilometres(makeTwizy(1, 1)).slice(5), [30, 0]);
});

const gather = (vehicle: SimulatedVehicle, fromMs: number, toMs: number): PastSample[] => [...vehicle.past(fromMs, toMs)];

test('what a tracker stored is the same whatever period is asked for, and each value is one that the vocabulary takes', () => {
  const start = weekStartMs(week, 0);
  for (const vehicle of [fleet[1], fleet[2], fleet[14], fleet[17]] as SimulatedVehicle[]) {
    const whole = gather(vehicle, start, start + weekMs);
    const cut = start + 3 * dayMs + 8 * hourMs + 123_456;
    assert.deepEqual([...gather(vehicle, start, cut), ...gather(vehicle, cut, start + weekMs)], whole);
    assert.ok(whole.length > 1000 && whole.length < 12_000, `${whole.length} samples a week`);
    for (const [i, { time, signals }] of whole.entries()) {
      assert.ok(i === 0 || time > (whole[i - 1] as PastSample).time);
      for (const [path, value] of Object.entries(signals)) {
        const signal = coreVocabulary.byPath(path);
        assert.ok(signal, path);
        assert.ok(quantise(signal, value).ok, `${path} ${JSON.stringify(value)} at ${time}`);
      }
    }
  }
});

/** The newest value of each signal as it is told at some moment: of the past up to it, or from it on by the second. */
const lastOf = (samples: readonly PastSample[]): Signals =>
  Object.assign({}, ...samples.map(({ signals }) => signals)) as Signals;

test('nothing jumps where the past ends and the present begins, whenever that is', () => {
  for (const vehicle of fleet) {
    for (let hour = 0; hour < 7 * 24; hour += 7) {
      const cutMs = weekStartMs(week, 0) + hour * hourMs + 17_000;
      const before = lastOf(gather(vehicle, cutMs - 2 * hourMs, cutMs));
      const live: PastSample[] = [];
      for (let second = 0; second < 600; second++) {
        const moment = vehicle.replay(cutMs + second * 1000);
        if (typeof moment === 'object') live.push({ time: cutMs + second * 1000, signals: moment });
      }
      const after = lastOf([...live].reverse());
      const [was, is] = [before, after].map((signals) => ({
        metres: signals[paths.mileage] as number,
        percent: signals[paths.energyPercent] as number,
        lat: signals[paths.latitude] as number,
        lon: signals[paths.longitude] as number,
      })) as [Record<'metres' | 'percent' | 'lat' | 'lon', number>, Record<'metres' | 'percent' | 'lat' | 'lon', number>];
      const name = `${vehicle.profile.vehicle.plate} at ${new Date(cutMs).toISOString()}`;
      // In ten minutes at 80 km/h; a fix may be a few seconds older than the odometer.
      const driven = is.metres - was.metres;
      assert.ok(driven >= 0 && driven < 14_000, `${name}: ${driven} m`);
      assert.ok(metresBetween(was.lat, was.lon, is.lat, is.lon) <= driven + 700, `${name}: ${JSON.stringify([was, is])}`);
      assert.ok(Math.abs(is.percent - was.percent) < 15, `${name}: ${was.percent} % → ${is.percent} %`);
    }
  }
});

test('by the second and from the tracker the same is said of a moment', () => {
  const vehicle = fleet[14] as SimulatedVehicle;
  const start = weekStartMs(week, 0) + dayMs;
  let compared = 0;
  for (const { time, signals } of gather(vehicle, start, start + 12 * hourMs)) {
    const moment = vehicle.replay(time);
    if (typeof moment !== 'object') continue;
    for (const [path, value] of Object.entries(signals)) {
      if (!(path in moment)) continue;
      assert.deepEqual(moment[path], value, `${path} at ${time}`);
      compared++;
    }
  }
  assert.ok(compared > 3000, `${compared} values`);
});

test('another seed is another fleet, the same one the same', () => {
  const at = weekStartMs(week, 0) + 5 * hourMs;
  const of = (seed: number) => makeFleet(seed, 2, 0, 2).map((vehicle) => gather(vehicle, at, at + 6 * hourMs));
  assert.deepEqual(of(1), of(1));
  assert.notDeepEqual(of(1), of(2));
});

test('of vans accelerations are told, some of them harsh, most of them of the one that is driven roughly', () => {
  const harsh = (index: number): number =>
    gather(fleet[12 + index] as SimulatedVehicle, weekStartMs(week, 0), weekStartMs(week + 2, 0)).filter(({ signals }) => {
      const [along, across] = [signals[paths.accelerationAlong], signals[paths.accelerationAcross]];
      return Number(along) < -4.41 || Number(along) > 3.43 || Math.abs(Number(across)) > 4.9;
    }).length;
  assert.ok(harsh(0) > 2 && harsh(0) < 40, `${harsh(0)}`);
  assert.ok(harsh(2) > 2 * harsh(0), `${harsh(2)}`);
});

test('fault codes of one van come on a Tuesday and are gone on Thursday', () => {
  const vehicle = fleet[13] as SimulatedVehicle;
  const start = weekStartMs(week, 0);
  const days = gather(vehicle, start, start + weekMs)
    .filter(({ signals }) => JSON.stringify(signals[paths.faultCodes]) === '["P0562"]')
    .map(({ time }) => new Date(time).getUTCDay());
  assert.deepEqual([...new Set(days)], [2, 3, 4]);
});
