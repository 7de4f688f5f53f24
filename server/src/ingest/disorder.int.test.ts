import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { coreSignal, present } from '@milepost/contract';
import fc from 'fast-check';
import { ByteWriter, ReportBuilder } from '../events/index.ts';
import { openTestServer, type TestServer } from '../http/testing/open-test-server.ts';
import { readDeviceFrame } from '../protocols/index.ts';
import type { Device } from '../registry/index.ts';
import type { Report, Verdict } from './types.ts';

/** A stream that a network delivered in any order, some of it several times, ends in the same state as the one that came in order. */
const startMs = Date.now() - 3_600_000;
const runs = 60;
const paths = ['Vehicle.Speed', 'Vehicle.TraveledDistance', 'Vehicle.IsMoving', 'Vehicle.Diagnostics.DTCList'] as const;
const signals = paths.map(coreSignal);
type Value = number | string;
/** By index of the signal. */
type Values = ReadonlyMap<number, Value>;
interface Sample {
  readonly second: number;
  readonly values: Values;
}
type Frame = readonly Sample[];

interface Vehicle {
  readonly id: string;
  readonly device: Device;
}

let server: TestServer;
const vehicles: Vehicle[] = [];

before(async () => {
  server = await openTestServer('disorder');
  const items = Array.from({ length: runs * 4 }, (_, n) => ({
    vehicle: { vin: `WVWZZZ1JZ${String(n).padStart(8, '0')}`, customer: 'Disorder' },
    device: { imei: String(350_000_000_000_000 + n) },
  }));
  const { json } = await server.ask('enrol', { body: { items } });
  json.items.forEach(({ vehicleId }, n) => {
    const device = server.registry.directory.deviceByImei(items[n]?.device.imei ?? '');
    assert.ok(device);
    vehicles.push({ id: vehicleId, device });
  });
});
after(() => server.close());

const nextVehicle = (): Vehicle => vehicles.pop() ?? assert.fail('more vehicles are needed than were enrolled');

const asJson = (frame: Frame): Report => ({
  samples: frame.map(({ second, values }) => ({
    time: startMs + second * 1000,
    signals: Object.fromEntries(
      [...values].map(([index, value]): [string, unknown] => [
        paths[index] ?? '',
        present(signals[index] as (typeof signals)[number], value),
      ]),
    ),
  })),
});

const asBinary = (frame: Frame): Report => {
  const builder = new ReportBuilder();
  const out = new ByteWriter();
  for (const { second, values } of frame) {
    builder.addSample(startMs + second * 1000);
    for (const [index, value] of values) builder.addValue(signals[index]?.number ?? 0, value);
  }
  out.byte(0);
  builder.encode(out);
  return readDeviceFrame(out.toBytes());
};

const submit = ({ device }: Vehicle, report: Report): Promise<Verdict> =>
  new Promise((resolve, reject) => {
    const listener = { appended: () => resolve(verdict), appendFailed: (_token: number, error: Error) => reject(error) };
    const submission = server.ingest.submit(device, report, listener, 0);
    if (submission.refused) reject(new Error(submission.refused));
    const verdict = submission.refused ? (undefined as never) : submission.verdict;
    if (verdict && !verdict.isPending) resolve(verdict);
  });

/** Hands frames over in this order, every other one in the binary form. */
const deliver = async (vehicle: Vehicle, frames: readonly Frame[]): Promise<void> => {
  const verdicts = await Promise.all(frames.map((frame, i) => submit(vehicle, i % 2 === 0 ? asJson(frame) : asBinary(frame))));
  for (const { rejected, adjusted } of verdicts) assert.deepEqual([...rejected, ...adjusted], []);
};

/** What users see of it: history, and the latest value of each signal. */
const stateOf = async ({ id }: Vehicle): Promise<{ readonly history: unknown; readonly latest: unknown }> => {
  const query = `signals=${paths.join(',')}&from=${startMs}&to=${startMs + 3_000_000}`;
  const history = await server.call('GET', `/v1/vehicles/${id}/history?${query}`);
  const { times, columns } = JSON.parse(history.text) as { times: unknown; columns: unknown };
  const detail = await server.ask('readVehicle', { id });
  const latest = Object.fromEntries(
    Object.entries(detail.json.latest as Record<string, { time: string; value: unknown }>).map(([path, { time, value }]) => [
      path,
      { time, value },
    ]),
  );
  assert.ok((times as unknown[]).length > 0 && Object.keys(latest).length > 0, 'there is something to compare');
  return { history: { times, columns }, latest };
};

const valueOf = (index: number): fc.Arbitrary<Value> =>
  index === 3 ? fc.constantFrom('[]', '["P0562"]', '["P0562","U0100"]') : fc.integer({ min: 0, max: index === 2 ? 1 : 1000 });
const valuesOf: fc.Arbitrary<Values> = fc
  .tuple(...paths.map((_, index) => fc.option(valueOf(index), { nil: undefined })))
  .map((list) => new Map(list.flatMap((value, index) => (value === undefined ? [] : [[index, value] as const]))))
  .filter((values) => values.size > 0);

/** Frames whose values never contradict each other: each (time, signal) has one value, though several frames may say it. */
const consistentFrames: fc.Arbitrary<readonly Frame[]> = fc
  .uniqueArray(fc.record({ second: fc.nat(40), values: valuesOf }), {
    selector: ({ second }) => second,
    minLength: 1,
    maxLength: 12,
  })
  .chain((samples) =>
    fc.array(fc.subarray(samples, { minLength: 1 }), { maxLength: 3 }).map((some) => [...samples.map((one) => [one]), ...some]),
  );

/** The same ones in any order, some of them again and again. */
const disordered = (frames: readonly Frame[]): fc.Arbitrary<readonly Frame[]> =>
  fc
    .tuple(fc.shuffledSubarray([...frames], { minLength: frames.length }), fc.array(fc.constantFrom(...frames), { maxLength: 6 }))
    .chain(([all, again]) => {
      const together = [...all, ...again];
      return fc.shuffledSubarray(together, { minLength: together.length });
    });

test('any order, with repetitions, ends in the same latest values and history', async () => {
  await fc.assert(
    fc.asyncProperty(
      consistentFrames.chain((frames) => fc.record({ frames: fc.constant(frames), delivered: disordered(frames) })),
      async ({ frames, delivered }) => {
        const [ordered, shuffled] = [nextVehicle(), nextVehicle()];
        const inOrder = [...frames].sort((a, b) => (a[0]?.second ?? 0) - (b[0]?.second ?? 0));
        await deliver(ordered, inOrder);
        await deliver(shuffled, delivered);
        assert.deepEqual(await stateOf(shuffled), await stateOf(ordered));
      },
    ),
    // A failing run is reported as it is: shrinking it would need vehicles without number.
    { numRuns: runs, endOnFailure: true },
  );
});

test('of frames that contradict each other the one stored first wins, whatever came between', async () => {
  const contradicting = fc.array(
    fc.record({ second: fc.nat(6), values: valuesOf }).map((sample) => [sample]),
    {
      minLength: 2,
      maxLength: 12,
    },
  );
  await fc.assert(
    fc.asyncProperty(contradicting, async (frames) => {
      const vehicle = nextVehicle();
      for (const frame of frames) await submit(vehicle, asJson(frame));
      const first = new Map<string, Value>();
      for (const { second, values } of frames.flat())
        for (const [index, value] of values) if (!first.has(`${second} ${index}`)) first.set(`${second} ${index}`, value);
      const reference = nextVehicle();
      const winners = [...first].map(([key, value]): Frame => {
        const [second = 0, index = 0] = key.split(' ').map(Number);
        return [{ second, values: new Map([[index, value]]) }];
      });
      await deliver(reference, winners);
      assert.deepEqual(await stateOf(vehicle), await stateOf(reference));
    }),
    { numRuns: runs, endOnFailure: true },
  );
});
