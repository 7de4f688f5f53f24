import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { coreSignal, present, type SignalDefinition, type StoredValue } from '@milepost/contract';
import fc from 'fast-check';
import { ByteWriter, ReportBuilder } from '../events/index.ts';
import { CallerError } from '../kernel/index.ts';
import { aDevice } from '../live/memory-directory.ts';
import { readDeviceFrame } from '../protocols/index.ts';
import type { Device } from '../registry/index.ts';
import { dayMs, openTestIngest, type TestIngest, testNowMs } from './testing/open-test-ingest.ts';
import { ScannedReport } from './scanned-report.ts';
import type { Report, Verdict } from './types.ts';

const nowMs = testNowMs;
const jsonVehicle = 1;
const binaryVehicle = 2;
const textVehicle = 3;
/** The devices of the two forms are on another vehicle from here on. */
const movedAtMs = nowMs - 1000;
const [jsonDevice, binaryDevice, textDevice] = [jsonVehicle, binaryVehicle, textVehicle].map((no) =>
  aDevice(no, no, {
    assignments: [
      { vehicleNo: no, fromMs: nowMs - 40 * dayMs, toMs: movedAtMs },
      { vehicleNo: no + 10, fromMs: movedAtMs, toMs: Number.POSITIVE_INFINITY },
    ],
  }),
) as [Device, Device, Device];
/** Have not reported since the start. */
const silentDevices = [jsonVehicle, binaryVehicle, textVehicle].map((no) => aDevice(no + 20, no + 20));
const speed = coreSignal('Vehicle.Speed');
/** 50 km/h is stored for it already, of whichever vehicle. */
const storedAtMs = nowMs - 3_600_000;

let opened: TestIngest;
before(async () => {
  opened = await openTestIngest([jsonDevice, binaryDevice, textDevice, ...silentDevices], {
    prior: { find: (_vehicle, _device, number, timeMs) => (number === speed.number && timeMs === storedAtMs ? 5000 : undefined) },
  });
});
after(() => opened.close());

const submitJson = (report: Report): Promise<Verdict> => opened.submit(jsonDevice, report);
/** As the text of a connection, or as lines where every line is a sample. */
const asText = (report: object, isLines = false): Report => {
  const { samples } = report as { samples: readonly unknown[] };
  const text = isLines ? samples.map((sample) => JSON.stringify(sample)).join('\n') : JSON.stringify(report);
  return opened.ingest.scan(Buffer.from(text), isLines) ?? report;
};
const submitFrame = (frame: Uint8Array): Promise<Verdict> => opened.submit(binaryDevice, readDeviceFrame(frame));

interface Sample {
  readonly timeMs: number;
  readonly values: readonly (readonly [SignalDefinition, StoredValue])[];
}

const encode = (samples: readonly Sample[]): Uint8Array => {
  const builder = new ReportBuilder();
  for (const { timeMs, values } of samples) {
    builder.addSample(timeMs);
    for (const [signal, stored] of values) builder.addValue(signal.number, stored);
  }
  const out = new ByteWriter();
  out.byte(0);
  builder.encode(out);
  return out.toBytes();
};

const asJson = (samples: readonly Sample[]): Report => ({
  samples: samples.map(({ timeMs, values }) => ({
    time: timeMs,
    signals: Object.fromEntries(values.map(([signal, stored]) => [signal.path, present(signal, stored)])),
  })),
});

const samplesOf = async (vehicleNo: number) => (await opened.records(vehicleNo)).map(({ samples }) => samples);

const comparable = ({ stored, rejected, adjusted }: Verdict) => ({
  stored,
  // JSON keeps the device's order of signals, columns stand in order of their numbers.
  rejected: rejected.map(({ sample, signal, reason }) => `${sample} ${signal} ${reason}`).toSorted(),
  adjusted,
});

const signals = [
  'Vehicle.Speed',
  'Vehicle.CurrentLocation.Latitude',
  'Vehicle.CurrentLocation.Longitude',
  'Vehicle.Diagnostics.DTCList',
  'Vehicle.IsMoving',
].map(coreSignal);
const valueOf = (signal: SignalDefinition): fc.Arbitrary<StoredValue> => {
  if (signal.kind === 'stringList') return fc.constantFrom('[]', '["P0562"]', JSON.stringify(['x'.repeat(signal.max)]));
  const [min, max] = [signal.min * signal.perUnit, signal.max * signal.perUnit];
  if (signal.kind === 'boolean') return fc.integer({ min: 0, max: 1 });
  return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max, max + 1, min - 1, 0, 0, 0));
};
/** Most are newer than all before, as usual; some late, ahead, too old or on the other side of the move. */
const timeOf = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: nowMs - 2000, max: nowMs + 1000 }) },
  { weight: 1, arbitrary: fc.constantFrom(nowMs + dayMs, nowMs - 31 * dayMs, nowMs - dayMs, movedAtMs, movedAtMs - 1) },
);
const sampleOf: fc.Arbitrary<Sample> = fc.record({
  timeMs: timeOf,
  values: fc
    .uniqueArray(fc.constantFrom(...signals), { maxLength: signals.length })
    .chain((chosen) => fc.tuple(...chosen.map((signal) => fc.tuple(fc.constant(signal), valueOf(signal))))),
});

test('a report is stored, refused and adjusted alike in each form', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(sampleOf, { maxLength: 6 }), fc.boolean(), async (samples, isLines) => {
      // A sample without values says nothing: JSON drops it without a word, and so must the binary form.
      const json = await submitJson(asJson(samples));
      const binary = await submitFrame(encode(samples));
      assert.deepEqual(comparable(binary), comparable(json));
      assert.deepEqual(await opened.submit(textDevice, asText(asJson(samples), isLines)), json);
      for (const vehicle of [0, 10]) {
        const stored = await samplesOf(jsonVehicle + vehicle);
        assert.deepEqual(await samplesOf(binaryVehicle + vehicle), stored);
        assert.deepEqual(await samplesOf(textVehicle + vehicle), stored);
      }
    }),
    { numRuns: 300 },
  );
});

test('the first report since the start may contradict what is stored: refused in each form', async () => {
  const samples = [{ timeMs: storedAtMs, values: [[speed, 6000]] as const }];
  const [byJson, byFrame, byText] = silentDevices as [Device, Device, Device];
  const reports: readonly [Device, Report][] = [
    [byJson, asJson(samples)],
    [byFrame, readDeviceFrame(encode(samples))],
    [byText, asText(asJson(samples))],
  ];
  for (const [device, report] of reports) {
    const { stored, rejected } = await opened.submit(device, report);
    assert.deepEqual([stored, rejected.map(({ reason }) => reason)], [0, ['conflict']]);
  }
});

test('what was read and had to wait while others came is stored as it was', async () => {
  const at = (timeMs: number) => asJson([{ timeMs, values: [[speed, timeMs % 1000]] }]);
  const [first, second] = [asText(at(nowMs + 70_001)), asText(at(nowMs + 70_002))];
  assert.ok(first instanceof ScannedReport && second instanceof ScannedReport);
  for (const report of [first.copy(), second]) await opened.submit(textDevice, report);
  const records = await opened.records(textVehicle + 10, 2);
  assert.deepEqual(
    records.map(({ samples: [sample] }) => [sample?.timeMs, sample?.values]),
    [2, 1].map((n) => [nowMs + 70_000 + n, { [speed.number]: n }]),
  );
});

test('a report without a flaw goes into the log byte for byte', async () => {
  const frame = encode([
    { timeMs: nowMs + 60_000, values: [[speed, 5010]] },
    { timeMs: nowMs + 61_000, values: [[speed, 5020]] },
  ]);
  await submitFrame(frame);
  const [record] = await opened.records(binaryVehicle + 10);
  assert.deepEqual(record?.body, frame.subarray(1));
});

test('boot and seq of a frame are those of its record; a heartbeat is one', async () => {
  const out = new ByteWriter();
  out.byte(1);
  out.varint(4_294_967_295);
  out.varint(2 ** 52 - 1);
  new ReportBuilder().encode(out);
  const verdict = await submitFrame(out.toBytes());
  assert.deepEqual(comparable(verdict), { stored: 0, rejected: [], adjusted: [] });
  const [record] = await opened.records(binaryVehicle + 10);
  assert.equal(record?.header.boot, 4_294_967_295);
  assert.equal(record?.header.seq, 2 ** 52 - 1);
  assert.deepEqual(record?.samples, []);
});

test('a signal that nobody knows, a text where a number belongs, and original times are named', async () => {
  const builder = new ReportBuilder();
  builder.addSample(nowMs);
  builder.addValue(coreSignal('Vehicle.Speed').number, 'fast');
  builder.addValue(40_000, 7);
  const out = new ByteWriter();
  out.byte(0);
  builder.encode(out);
  const verdict = await submitFrame(out.toBytes());
  assert.deepEqual(verdict.rejected, [
    { sample: 0, signal: 'Vehicle.Speed', value: 'fast', reason: 'wrong_type' },
    { sample: 0, signal: '40000', value: 7, reason: 'unknown_signal' },
  ]);
  builder.reset();
  builder.addSample(nowMs, nowMs - 1);
  builder.addValue(coreSignal('Vehicle.Speed').number, 1);
  out.at = 0;
  out.byte(0);
  builder.encode(out);
  await assert.rejects(submitFrame(out.toBytes()), /original times/);
});

test('bytes of any kind are a report or a fault of the caller, and harm nothing', async () => {
  const good = encode([{ timeMs: nowMs, values: [[coreSignal('Vehicle.Speed'), 100]] }]);
  const mutated = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })).map(([at, byte]) => {
    const bytes = good.slice();
    bytes[at] = byte;
    return bytes;
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), async (bytes) => {
      try {
        await submitFrame(bytes);
      } catch (error) {
        assert.ok(error instanceof CallerError, String(error));
      }
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 2000) },
  );
});
