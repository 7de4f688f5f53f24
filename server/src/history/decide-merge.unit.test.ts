import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideMerge, reasonToMerge } from './decide-merge.ts';
import { HiddenValues, nothingHidden } from './hidden-values.ts';
import { bucketOf } from './month-bucket.ts';
import type { MergeUnit } from './ports.ts';

const nowMs = Date.UTC(2026, 10, 20);
const hour = 3_600_000;
const unit = (fields: Partial<MergeUnit>): MergeUnit => ({
  bucket: bucketOf(nowMs),
  group: 0,
  flushes: 0,
  flushedChunks: 0,
  flushedRows: 0,
  oldestFlushMs: Number.NaN,
  mergedChunks: 0,
  mergedRows: 0,
  vehicleNoMax: 10,
  spareBytes: 0,
  usedBytes: 0,
  swept: '',
  ...fields,
});
const waiting = { flushes: 10, flushedChunks: 1000, flushedRows: 5000, oldestFlushMs: nowMs - hour };
const hidden = new HiddenValues(nothingHidden);

test('a month is merged when its vehicles have enough rows, when many flushes wait, or when they are old', () => {
  const cases: [Partial<MergeUnit>, string | undefined][] = [
    [{}, undefined],
    [waiting, undefined],
    [{ ...waiting, flushedRows: 102_399 }, undefined],
    [{ ...waiting, flushedRows: 102_400 }, 'rows'],
    [{ ...waiting, flushes: 288, flushedChunks: 28_800 }, 'flushes'],
    [{ ...waiting, oldestFlushMs: nowMs - 24 * hour }, 'age'],
    [{ ...waiting, bucket: bucketOf(nowMs) - 1 }, 'monthOver'],
    [{ ...waiting, bucket: bucketOf(nowMs) - 1, oldestFlushMs: nowMs - hour + 1 }, undefined],
  ];
  for (const [fields, expected] of cases) assert.equal(reasonToMerge(unit(fields), nowMs), expected, JSON.stringify(fields));
});

test('of those that are due the one with most flushes is first, then the oldest month, whatever order they are given in', () => {
  const many = unit({ ...waiting, flushes: 300, flushedChunks: 300, group: 3 });
  const old = unit({ ...waiting, bucket: bucketOf(nowMs) - 3 });
  const older = unit({ ...waiting, bucket: bucketOf(nowMs) - 4, group: 2 });
  const idle = unit({ group: 1 });
  const order: MergeUnit[] = [];
  for (let units = [idle, old, many, older]; ; ) {
    const job = decideMerge(units, hidden, nowMs);
    assert.deepEqual(decideMerge(units.toReversed(), hidden, nowMs), job);
    if (!job) break;
    order.push(job.unit);
    units = units.filter((one) => one !== job.unit);
  }
  assert.deepEqual(order, [many, older, old]);
});

test('a month is swept once when all of it is too old for some rule, and again when the rules or the ledger change', () => {
  const rule = { retentionMs: 400 * 24 * hour, byGroup: { position: 30 * 24 * hour } };
  const rules = { standard: rule, byVehicle: new Map(), erased: [] };
  const old = unit({ bucket: bucketOf(nowMs) - 3, mergedChunks: 5 });
  const job = decideMerge([unit({ mergedChunks: 5 }), old], new HiddenValues(rules), nowMs);
  assert.deepEqual([job?.unit, job?.reason], [old, 'hidden']);
  const swept = { ...old, swept: job?.sweepName ?? '' };
  assert.equal(decideMerge([swept], new HiddenValues({ ...rules }), nowMs + 24 * hour), undefined);
  const stricter = { ...rules, byVehicle: new Map([[4, { retentionMs: 30 * 24 * hour }]]) };
  assert.ok(decideMerge([swept], new HiddenValues(stricter), nowMs));
  const other = { ...rules, byVehicle: new Map([[5, { retentionMs: 30 * 24 * hour }]]) };
  assert.notEqual(
    decideMerge([swept], new HiddenValues(stricter), nowMs)?.sweepName,
    decideMerge([swept], new HiddenValues(other), nowMs)?.sweepName,
  );
  const erased = { ...rules, erased: [{ vehicleNo: 1, fromMs: Date.UTC(2026, 7, 31), toMs: Date.UTC(2026, 8, 2) }] };
  const touched = [bucketOf(nowMs) - 3, bucketOf(nowMs) - 2, bucketOf(nowMs) - 1].filter(
    (bucket) =>
      decideMerge([{ ...swept, bucket }], new HiddenValues({ ...nothingHidden, erased: erased.erased }), nowMs) !== undefined,
  );
  assert.deepEqual(touched, [bucketOf(nowMs) - 3, bucketOf(nowMs) - 2]);
});

test('erased times are cut out of periods, wherever they lie', () => {
  const ledger = [
    { vehicleNo: 1, fromMs: 10, toMs: 20 },
    { vehicleNo: 1, fromMs: 15, toMs: 30 },
    { vehicleNo: 2, fromMs: 0, toMs: 99 },
  ];
  const values = new HiddenValues({ ...nothingHidden, erased: ledger });
  assert.deepEqual(values.cutErased(1, [{ fromMs: 0, toMs: 100 }]), [
    { fromMs: 0, toMs: 10 },
    { fromMs: 30, toMs: 100 },
  ]);
  assert.deepEqual(values.cutErased(1, [{ fromMs: 12, toMs: 29 }]), []);
  assert.deepEqual(values.cutErased(3, [{ fromMs: 12, toMs: 29 }]), [{ fromMs: 12, toMs: 29 }]);
  assert.deepEqual([values.isErased(1, 29), values.isErased(1, 30), values.isErased(2, 0)], [true, false, true]);
});
