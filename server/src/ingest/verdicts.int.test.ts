import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { coreSignal, rejectionReasons } from '@milepost/contract';
import { CallerError } from '../kernel/index.ts';
import { aDevice } from '../live/memory-directory.ts';
import { ingestLimits } from './limits.ts';
import { dayMs, openTestIngest, type TestIngest, testNowMs as nowMs } from './testing/open-test-ingest.ts';
import type { Report } from './types.ts';

const vehicleNo = 1;
const speed = coreSignal('Vehicle.Speed');
const device = aDevice(1, vehicleNo);
/** On vehicle 2 until a minute ago, on 3 since; on none before the day before. */
const moved = aDevice(2, 2, {
  assignments: [
    { vehicleNo: 2, fromMs: nowMs - dayMs, toMs: nowMs - 60_000 },
    { vehicleNo: 3, fromMs: nowMs - 60_000, toMs: Number.POSITIVE_INFINITY },
  ],
});
const unassigned = aDevice(3, 4, { assignments: [] });

let opened: TestIngest;
before(async () => {
  opened = await openTestIngest([device, moved, unassigned], {
    // What a read model would know: 50 km/h at one moment.
    prior: {
      find: (_vehicle, _device, number, timeMs) => (number === speed.number && timeMs === nowMs - 5000 ? 5000 : undefined),
    },
  });
});
after(() => opened.close());

const speedAt = (time: unknown, value: unknown): unknown => ({ time, signals: { 'Vehicle.Speed': value } });
const report = (...samples: readonly unknown[]): Report => ({ samples });

const cases: readonly {
  readonly name: string;
  readonly sample: unknown;
  readonly rejection: Readonly<Record<string, unknown>>;
}[] = [
  {
    name: 'a path that nobody knows',
    sample: { time: nowMs, signals: { 'Vehicle.Sped': 1 } },
    rejection: { signal: 'Vehicle.Sped', value: 1, reason: 'unknown_signal' },
  },
  {
    name: 'a text for a number',
    sample: speedAt(nowMs, '50'),
    rejection: { signal: 'Vehicle.Speed', value: '50', reason: 'wrong_type' },
  },
  {
    name: 'null for a number',
    sample: speedAt(nowMs, null),
    rejection: { signal: 'Vehicle.Speed', value: null, reason: 'wrong_type' },
  },
  {
    name: 'a number that JSON made infinite',
    sample: speedAt(nowMs, Number.POSITIVE_INFINITY),
    rejection: { signal: 'Vehicle.Speed', value: Number.POSITIVE_INFINITY, reason: 'not_finite' },
  },
  {
    name: 'a speed beyond the bounds',
    sample: speedAt(nowMs, 1000),
    rejection: { signal: 'Vehicle.Speed', value: 1000, reason: 'out_of_bounds' },
  },
  {
    name: 'a word that an enum does not have',
    sample: { time: nowMs, signals: { 'Vehicle.Lamp.Brake': 'BRIGHT' } },
    rejection: { signal: 'Vehicle.Lamp.Brake', value: 'BRIGHT', reason: 'out_of_bounds' },
  },
  { name: 'a time that is none', sample: speedAt('noon', 1), rejection: { value: 'noon', reason: 'bad_time' } },
  {
    name: 'a time without its zone',
    sample: speedAt('2026-11-20T12:00:00', 1),
    rejection: { value: '2026-11-20T12:00:00', reason: 'bad_time' },
  },
  { name: 'no time', sample: { signals: {} }, rejection: { value: undefined, reason: 'bad_time' } },
  { name: 'something that is no sample', sample: 7, rejection: { value: 7, reason: 'bad_time' } },
  { name: 'signals that are a list', sample: { time: nowMs, signals: [1] }, rejection: { value: [1], reason: 'wrong_type' } },
  {
    name: 'a sample beyond the retention',
    sample: speedAt(nowMs - 31 * dayMs, 1),
    rejection: { value: nowMs - 31 * dayMs, reason: 'too_old' },
  },
  {
    name: 'another value for a moment that has one',
    sample: speedAt(nowMs - 5000, 51),
    rejection: { signal: 'Vehicle.Speed', value: 51, reason: 'conflict' },
  },
];

for (const { name, sample, rejection } of cases) {
  test(`${name} is ${String(rejection['reason'])}, and the good sample beside it is stored`, async () => {
    const good = speedAt(nowMs - 1000, 42);
    const verdict = await opened.submit(device, report(sample, good));
    assert.deepEqual(verdict.rejected, [{ sample: 0, ...rejection }]);
    assert.equal(verdict.stored, 1);
    const [record] = await opened.records(vehicleNo);
    assert.deepEqual(record?.samples, [{ timeMs: nowMs - 1000, values: { [speed.number]: 4200 } }]);
  });
}

test('latitude 0 beside longitude 0 is no position: both are refused, what else the sample says is stored', async () => {
  const place = (latitude: number, longitude: number) => ({
    'Vehicle.CurrentLocation.Latitude': latitude,
    'Vehicle.CurrentLocation.Longitude': longitude,
  });
  const nowhere = { time: nowMs - 900, signals: { ...place(0, -0.00000001), 'Vehicle.Speed': 12 } };
  const verdict = await opened.submit(device, report(nowhere, { time: nowMs - 800, signals: place(0, 6.5) }));
  assert.deepEqual(
    verdict.rejected.map(({ sample, signal, reason }) => [sample, signal, reason]),
    [
      [0, 'Vehicle.CurrentLocation.Latitude', 'out_of_bounds'],
      [0, 'Vehicle.CurrentLocation.Longitude', 'out_of_bounds'],
    ],
  );
  const [record] = await opened.records(vehicleNo);
  assert.deepEqual(
    record?.samples.map(({ values }) => values),
    [{ [speed.number]: 1200 }, { 2: 0, 3: 65_000_000 }],
    'on the equator is a position',
  );
});

test('before the device was on a vehicle: not_assigned; with none at all nothing is stored', async () => {
  const early = await opened.submit(moved, report(speedAt(nowMs - 2 * dayMs, 1)));
  assert.deepEqual(early.rejected, [{ sample: 0, value: nowMs - 2 * dayMs, reason: 'not_assigned' }]);
  const heartbeat = await opened.submit(unassigned, report());
  assert.deepEqual([heartbeat.isPending, heartbeat.rejected], [false, [{ reason: 'not_assigned' }]]);
});

test('each reason of the closed list is one of these', () => {
  const shown = new Set([...cases.map(({ rejection }) => rejection['reason']), 'not_assigned']);
  assert.deepEqual(
    rejectionReasons.filter((reason) => !shown.has(reason)),
    [],
  );
});

test('the same value again is no conflict', async () => {
  const verdict = await opened.submit(device, report(speedAt(nowMs - 5000, 50)));
  assert.deepEqual([verdict.stored, verdict.rejected], [1, []]);
});

test('a clock that is ahead: moved with the distances kept, listed, and the original time kept', async () => {
  const ahead = nowMs + dayMs;
  const verdict = await opened.submit(device, report(speedAt(ahead - 10_000, 1), speedAt(ahead, 2)));
  assert.deepEqual(verdict.adjusted, [
    { sample: 0, time: new Date(ahead - 10_000).toISOString(), storedAs: new Date(nowMs - 10_000).toISOString() },
    { sample: 1, time: new Date(ahead).toISOString(), storedAs: new Date(nowMs).toISOString() },
  ]);
  const [record] = await opened.records(vehicleNo);
  assert.deepEqual(record?.samples, [
    { timeMs: nowMs - 10_000, originalMs: ahead - 10_000, values: { [speed.number]: 100 } },
    { timeMs: nowMs, originalMs: ahead, values: { [speed.number]: 200 } },
  ]);
});

test('five minutes ahead is not ahead', async () => {
  const verdict = await opened.submit(device, report(speedAt(nowMs + ingestLimits.clockAheadMaxMs, 1)));
  assert.deepEqual([verdict.stored, verdict.adjusted], [1, []]);
});

test('samples of two vehicles become two records', async () => {
  const verdict = await opened.submit(moved, report(speedAt(nowMs - 90_000, 10), speedAt(nowMs - 30_000, 20)));
  assert.equal(verdict.stored, 2);
  assert.deepEqual((await opened.records(2))[0]?.samples, [{ timeMs: nowMs - 90_000, values: { [speed.number]: 1000 } }]);
  assert.deepEqual((await opened.records(3))[0]?.samples, [{ timeMs: nowMs - 30_000, values: { [speed.number]: 2000 } }]);
});

test('a heartbeat is a record without samples, with boot and seq', async () => {
  const verdict = await opened.submit(device, { boot: 3, seq: 9, samples: [] });
  assert.deepEqual([verdict.stored, verdict.isPending, verdict.rejected], [0, true, []]);
  const [record] = await opened.records(vehicleNo);
  assert.deepEqual(record?.samples, []);
  assert.deepEqual([record?.header.boot, record?.header.seq, record?.header.hasSequence], [3, 9, true]);
});

test('a report of which nothing could be stored still shows that the device was there', async () => {
  opened.clock.advance(1000);
  const verdict = await opened.submit(device, report(speedAt(nowMs, 'x')));
  assert.deepEqual([verdict.stored, verdict.isPending], [0, true]);
  assert.equal((await opened.records(vehicleNo))[0]?.header.receivedAt, nowMs + 1000);
});

test('what is listed and echoed is bounded', async () => {
  const samples = Array.from({ length: ingestLimits.verdictsListedMax + 10 }, () => speedAt(nowMs, 'x'.repeat(1000)));
  const verdict = await opened.submit(device, report(...samples));
  assert.equal(verdict.rejected.length, ingestLimits.verdictsListedMax);
  assert.equal(verdict.rejectedMore, 10);
  assert.equal(String(verdict.rejected[0]?.value).length, ingestLimits.echoedValueCharactersMax + 1);
});

test('a report that has no readable shape is the fault of its sender, and names the field', () => {
  const listener = { appended: () => {}, appendFailed: () => {} };
  const refused = (bad: Report, field: string): void =>
    assert.throws(
      () => opened.ingest.submit(device, bad, listener, 0),
      (error) => error instanceof CallerError && error.details.field === field,
    );
  refused({}, 'samples');
  refused({ samples: 'none' }, 'samples');
  refused({ boot: -1, seq: 1, samples: [] }, 'boot');
  refused({ boot: 1, samples: [] }, 'seq');
  refused({ boot: 1, seq: 1.5, samples: [] }, 'seq');
  refused({ boot: 4_294_967_296, seq: 1, samples: [] }, 'boot');
  refused({ samples: Array.from({ length: ingestLimits.samplesPerReportMax + 1 }, () => ({})) }, 'samples');
});
