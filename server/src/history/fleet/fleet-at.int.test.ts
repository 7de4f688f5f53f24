import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeManualClock, silentLogger } from '../../kernel/index.ts';
import { openHistory, type ThreadedHistory } from '../open-history.ts';
import type { StatusChange, VehiclePeriod } from '../ports.ts';
import { encodeTestReport, makeBatch, type TestReport } from '../test-support.ts';
import { everythingScope } from './test-scope.ts';
import { modelCell, modelStatus } from './fleet-model.ts';
import { keyframeEveryMs } from './limits.ts';

const startMs = Date.UTC(2026, 10, 30, 23, 20);
const [speed, charge, fault] = [5, 9, 60];
const signals = [speed, charge, fault];
const vehicles = [1, 2, 1024, 1025, 3000];
const minuteMs = 60_000;
/** The second device of each vehicle is believed first. */
const rankOf = (deviceNo: number): number => (deviceNo === 2 ? 0 : 1);

type Step =
  | {
      readonly kind: 'report';
      readonly vehicle: number;
      readonly device: number;
      readonly ageMs: number;
      readonly values: number;
    }
  | { readonly kind: 'status'; readonly vehicle: number }
  | { readonly kind: 'erase'; readonly vehicle: number; readonly ageMs: number; readonly lengthMs: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'flush' | 'merge' | 'keyframes' | 'restart' | 'kill' };

const vehicleIndex = fc.nat(vehicles.length - 1);
const ageMs = fc.oneof(
  { weight: 6, arbitrary: fc.nat(70_000) },
  { weight: 2, arbitrary: fc.nat(40 * minuteMs) },
  { weight: 1, arbitrary: fc.integer({ min: 30 * 86_400_000, max: 33 * 86_400_000 }) },
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      vehicle: vehicleIndex,
      device: fc.integer({ min: 1, max: 3 }),
      ageMs,
      values: fc.integer({ min: 1, max: 7 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('status' as const), vehicle: vehicleIndex }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('erase' as const),
      vehicle: vehicleIndex,
      ageMs: fc.nat(40 * minuteMs),
      lengthMs: fc.nat(20 * minuteMs),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1000, max: 4 * minuteMs }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('flush' as const, 'keyframes' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('merge' as const, 'restart' as const, 'kill' as const) }) },
);

/** One run: what was said to history, and history as it is opened now. */
class Run {
  readonly folder: string;
  readonly clock = makeManualClock(startMs);
  readonly reports: TestReport[] = [];
  readonly records: Uint8Array[] = [];
  /** With how many records were applied when it was found. */
  readonly changes: { readonly after: number; readonly change: StatusChange }[] = [];
  readonly erased: VehiclePeriod[] = [];
  history!: ThreadedHistory;
  keyframesMade = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  async open(keyframeRetentionMs = 90 * minuteMs): Promise<void> {
    this.history = await openHistory({
      store: {
        adapterModule: new URL('../adapters/sqlite/index.ts', import.meta.url),
        adapterOptions: { folder: this.folder, groups: 2 },
      },
      clock: this.clock,
      logger: silentLogger,
      consentGroupOf: (signalNumber) => (signals.includes(signalNumber) ? 'motion' : undefined),
      failed: (error) => {
        throw error;
      },
      fleet: { signals, keyframeRetentionMs },
    });
    await this.hide();
    const applied = (this.history.appliedOffset(0) ?? 0) / 10;
    if (applied < this.records.length) this.history.apply(makeBatch(this.records, applied, this.records.length));
    this.history.applyStatus(this.changes.filter(({ after }) => after >= applied).map(({ change }) => change));
  }

  hide(): Promise<void> {
    return this.history.setHiding({ standard: { retentionMs: 1e12 }, byVehicle: new Map(), erased: [...this.erased] });
  }

  report(step: Extract<Step, { kind: 'report' }>): void {
    const nowMs = this.clock.now();
    const at = nowMs - step.ageMs;
    const all: [number, number | string][] = [
      [speed, this.reports.length],
      [charge, 1_000_000 - this.reports.length],
      [fault, `text ${this.reports.length % 3}`],
    ];
    const values = all.filter((_, i) => ((step.values >> i) & 1) === 1);
    const samples = [
      { time: at - 1000, values },
      { time: at, values: values.slice(0, 1) },
    ];
    this.reports.push({ vehicleNo: vehicles[step.vehicle] as number, deviceNo: step.device, receivedAt: nowMs, samples });
    this.records.push(encodeTestReport(this.reports.at(-1) as TestReport));
    this.history.apply(makeBatch(this.records, this.records.length - 1, this.records.length));
  }

  status({ vehicle }: Extract<Step, { kind: 'status' }>): void {
    const vehicleNo = vehicles[vehicle] as number;
    const before = this.changes.findLast(({ change }) => change.vehicleNo === vehicleNo)?.change;
    if (before?.at === this.clock.now()) return;
    const to = before?.to === 'online' ? 'late' : 'online';
    const change: StatusChange = { vehicleNo, at: this.clock.now(), from: before?.to ?? 'never_seen', to, reason: 'none' };
    this.changes.push({ after: this.records.length, change });
    this.history.applyStatus([change]);
  }

  async erase({ vehicle, ageMs: age, lengthMs }: Extract<Step, { kind: 'erase' }>): Promise<void> {
    const fromMs = this.clock.now() - age;
    this.erased.push({ vehicleNo: vehicles[vehicle] as number, fromMs, toMs: fromMs + lengthMs });
    await this.hide();
  }

  async do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'report':
        return this.report(step);
      case 'status':
        return this.status(step);
      case 'erase':
        return this.erase(step);
      case 'advance':
        return this.clock.advance(step.ms);
      case 'flush':
        return this.history.flush();
      case 'merge':
        await this.history.flush();
        return this.history.merge();
      case 'keyframes':
        await this.history.makeKeyframes();
        return;
      case 'restart':
        await this.history.close();
        return this.open();
      case 'kill': {
        const making = this.history.makeKeyframes().catch(() => undefined);
        await this.history.abandon();
        await making;
        return this.open();
      }
    }
  }

  /** Moments that could tell a difference: between, on and beside keyframes. */
  moments(): number[] {
    const nowMs = this.clock.now();
    const grid = Math.floor(nowMs / keyframeEveryMs) * keyframeEveryMs;
    const times = [0, 1, 2, 4].flatMap((back) => [
      grid - back * keyframeEveryMs - 1,
      grid - back * keyframeEveryMs,
      grid - back * keyframeEveryMs + 77_777,
    ]);
    return [...times, nowMs, nowMs - 33_000, nowMs - 50 * minuteMs].filter((ms) => ms <= nowMs);
  }

  async check(): Promise<void> {
    for (const atMs of this.moments()) {
      const moment = await this.history.fleetAt(everythingScope, {
        vehicleNos: vehicles,
        atMs,
        rankOf: (_, device) => rankOf(device),
      });
      if (moment.keyframeMs !== null) this.keyframesMade++;
      assert.deepEqual([...moment.vehicleNos], vehicles);
      vehicles.forEach((vehicleNo, place) => {
        const what = `vehicle ${vehicleNo} at ${new Date(atMs).toISOString()}, keyframe ${moment.keyframeMs === null ? 'none' : new Date(moment.keyframeMs).toISOString()}`;
        for (const signal of signals) {
          const expected = modelCell(this.reports, this.erased, vehicleNo, signal, atMs, rankOf);
          assert.deepEqual(moment.value(place, signal), expected, `${what}, signal ${signal}`);
        }
        const { status, since } = moment.status(place);
        const all = this.changes.map(({ change }) => change);
        assert.deepEqual({ status, since }, modelStatus(all, this.erased, vehicleNo, atMs), what);
      });
    }
  }
}

test('a state from keyframes is the state from all samples, whatever comes late, is erased, merged or killed', {
  timeout: 600_000,
}, async () => {
  let withKeyframe = 0;
  await fc.assert(
    fc.asyncProperty(fc.noShrink(fc.array(steps, { minLength: 20, maxLength: 90 })), async (sequence) => {
      const folder = await mkdtemp(join(tmpdir(), 'fleet-at-'));
      const run = new Run(folder);
      try {
        await run.open();
        for (const [i, step] of sequence.entries()) {
          await run.do(step);
          if (i % 15 === 14) await run.check();
        }
        await run.history.flush();
        await run.history.makeKeyframes();
        await run.check();
        withKeyframe += run.keyframesMade;
        await run.history.close();
        // Without keyframes, and after it their files are gone.
        await run.open(0);
        await run.check();
      } finally {
        await run.history.abandon();
        await rm(folder, { recursive: true, force: true });
      }
    }),
    {
      numRuns: Number(process.env['FLEET_RUNS'] ?? 5),
      ...(process.env['FLEET_SEED'] ? { seed: Number(process.env['FLEET_SEED']) } : {}),
    },
  );
  assert.ok(withKeyframe > 0, 'no state came from a keyframe');
});
