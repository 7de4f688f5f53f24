import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreVocabulary, quantise } from '@milepost/contract';
import { readArguments } from './arguments.ts';
import { makeFleet, type SimulatedVehicle } from './fleet.ts';
import { makeImei, makeVin } from './identifiers.ts';
import { originMs, type Signals } from './model.ts';
import { paths } from './paths.ts';

const fleet = makeFleet(1, 12, 60);
const dayMs = 86_400_000;
const start = originMs + 51 * dayMs + 4 * 3_600_000;

const signalsOf = (vehicle: SimulatedVehicle, fromMs: number, seconds: number): (Signals & { time: number })[] => {
  const found: (Signals & { time: number })[] = [];
  for (let i = 0; i < seconds; i++) {
    const moment = vehicle.replay(fromMs + i * 1000);
    if (typeof moment === 'object') found.push({ ...moment, time: fromMs + i * 1000 });
  }
  return found;
};

test('check digits are those of known numbers', () => {
  assert.equal(makeVin('11111111', '11111111'), '11111111111111111');
  assert.equal(makeVin('1M8GDM9A', 'KP042788'), '1M8GDM9AXKP042788');
  assert.equal(makeImei('49015420323751'), '490154203237518');
});

test('every value of a whole cycle of a Twizy and of a day of a bus is one that the vocabulary takes', () => {
  for (const vehicle of [fleet[0], fleet[12], fleet[71]] as SimulatedVehicle[]) {
    const samples = signalsOf(vehicle, start, 86_400);
    assert.ok(samples.length > 400, `${samples.length} samples`);
    for (const { time, ...signals } of samples) {
      for (const [path, value] of Object.entries(signals)) {
        const signal = coreVocabulary.byPath(path);
        assert.ok(signal, path);
        assert.ok(quantise(signal, value).ok, `${path} ${JSON.stringify(value)} at ${time}`);
      }
    }
  }
});

test('identifiers are unique and the fleet is the same each time', () => {
  assert.equal(fleet.length, 72);
  assert.equal(new Set(fleet.map(({ profile }) => profile.imeiOf(0))).size, 72);
  assert.equal(new Set(fleet.map(({ profile }) => profile.vehicle.vin)).size, 72);
  const again = makeFleet(1, 12, 60);
  fleet.forEach((vehicle, i) => {
    assert.deepEqual(again[i]?.profile.vehicle, vehicle.profile.vehicle);
    assert.deepEqual(again[i]?.replay(start), vehicle.replay(start));
  });
});

test('who lives by weeks is never silent for more than 60 s, and its mileage never falls', () => {
  for (const vehicle of fleet.slice(0, 12)) {
    let silentSeconds = 0;
    let mileage = 0;
    let samples = 0;
    for (let i = 0; i < 25_000; i++) {
      const moment = vehicle.replay(start + i * 1000);
      silentSeconds = moment === undefined ? silentSeconds + 1 : 0;
      assert.ok(silentSeconds < 60);
      if (typeof moment !== 'object') continue;
      samples++;
      const next = moment[paths.mileage];
      if (typeof next === 'number') {
        assert.ok(next >= mileage, `${next} after ${mileage}`);
        mileage = next;
      }
    }
    assert.ok(samples >= 25_000 / 90 - 1, `${samples} samples`);
  }
});

test('in nearly every hour of a workday, at night too, some of those that live by weeks drive', () => {
  const moving = makeFleet(1, 12, 0, 6);
  const thursday = start - 2 * dayMs;
  const busy = Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => {
    const drive = moving.filter(({ drives }) => {
      const fromMs = thursday + hour * 3_600_000;
      return drives?.(fromMs - 7_200_000, fromMs + 10_800_000).some(
        (one) => one.fromMs < fromMs + 3_600_000 && one.toMs > fromMs,
      );
    });
    return drive.length > 0;
  });
  assert.ok(busy.length >= 20, `hours ${busy.join()}`);
});

test('at any time of the day most buses have a fix within five minutes', () => {
  const buses = fleet.slice(12);
  for (let hour = 0; hour < 24; hour++) {
    const seen = buses.filter((bus) => signalsOf(bus, start + hour * 3_600_000 + 600_000, 300).length > 0);
    assert.ok(seen.length >= 42, `${seen.length} of 60 at hour ${hour}`);
  }
});

test('exactly one wheel of the fleet is always under 80 % of its placard', () => {
  const low = new Set<string>();
  const fine = new Set<string>();
  for (const vehicle of fleet) {
    for (const signals of signalsOf(vehicle, start - 4 * 3_600_000, 86_400)) {
      paths.tirePressure.forEach((path, wheel) => {
        const kpa = signals[path];
        const placard = vehicle.profile.vehicle.tirePlacardKpa[wheel] as number;
        if (typeof kpa !== 'number') return;
        (kpa < placard * 0.8 ? low : fine).add(`${vehicle.profile.kind} ${vehicle.profile.index} ${wheel}`);
      });
    }
  }
  assert.deepEqual([...low], ['twizy 2 3']);
  assert.ok(!fine.has('twizy 2 3'));
});

test('the leaking wheel loses on for days, when its temperature is deducted', () => {
  const leaking = fleet[2] as SimulatedVehicle;
  const coldOn = (day: number): number => {
    const colds = signalsOf(leaking, start + day * dayMs, 7200).flatMap((signals) => {
      const [kpa, celsius] = [signals[paths.tirePressure[3] as string], signals[paths.tireTemperature[3] as string]];
      return typeof kpa === 'number' && typeof celsius === 'number'
        ? [((kpa + 101.3) * 293.15) / (celsius + 273.15) - 101.3]
        : [];
    });
    return colds.reduce((sum, kpa) => sum + kpa, 0) / colds.length;
  };
  // It was filled up when the number of the day since 1970 is a multiple of 14.
  const filled = 14 - (Math.floor(start / dayMs) % 14);
  const lost = Array.from({ length: 13 }, (_, day) => coldOn(filled + day) - coldOn(filled + day + 1));
  for (const kpa of lost) assert.ok(Math.abs(kpa - 2.2) < 0.3, `${kpa} kPa in a day`);
  assert.ok(coldOn(filled + 14) - coldOn(filled + 13) > 20);
});

test('wrong arguments are named with what was expected', () => {
  const given = ['--server', 'http://127.0.0.1:1', '--data', 'x', '--operator-token', 'y'];
  assert.equal(readArguments(given, {}).fromMs, 7_200_000);
  assert.throws(() => readArguments([...given, '--from', '2 days'], {}), /--from is 2 days, expected a time like/);
  assert.throws(() => readArguments([...given, '--buses', '-1'], {}), /--buses/);
  assert.throws(() => readArguments(given.slice(0, 4), {}), /operator-token/);
});
