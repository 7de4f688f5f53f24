import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConsentGroup, coreSignal, coreVocabulary } from '@milepost/contract';
import { encodePlain } from '@milepost/contract/report';
import { encodeRecord, type Precision, type ReadScope, recordKinds } from '../../events/index.ts';
import { makeMemoryDirectory } from '../../live/memory-directory.ts';
import { type Retention, sameForAll } from '../../registry/index.ts';
import { nothingPrivate, operatorScope } from '../../sharing/index.ts';
import { reportView } from './report-view.ts';

const vehicleNo = 1;
const nowMs = Date.UTC(2026, 10, 20, 12);
const number = (path: string): number => coreSignal(path).number;
const values = { [number('Vehicle.Speed')]: 5010, [number('Vehicle.CurrentLocation.Latitude')]: 340_208_820 };
const record = encodeRecord(
  {
    kind: recordKinds.telemetry,
    vehicleNo,
    deviceNo: 1,
    boot: 1,
    seq: 2,
    hasSequence: true,
    receivedAt: nowMs,
    vocabularyVersion: 1,
  },
  encodePlain([
    { timeMs: nowMs - 2000, values },
    { timeMs: nowMs - 1000, values },
  ]),
);

const shown = (
  changes: Partial<ReadScope>,
  isErased: (vehicle: number, timeMs: number) => boolean = () => false,
  retention: Pick<Retention, 'keptFromMs' | 'ruleOf'> = sameForAll(86_400_000),
) => {
  const scope = { ...operatorScope(nothingPrivate), ...changes } as ReadScope;
  const context = { directory: makeMemoryDirectory(), vocabulary: coreVocabulary, erasures: { isErased }, retention, nowMs };
  return reportView(context, scope, record).samples.map(({ time, signals }) => [Date.parse(time) - nowMs, Object.keys(signals)]);
};

test('a raw report shows what the scope allows: groups, periods, and exact values to nobody who may see coarser ones only', () => {
  const latitude = 'Vehicle.CurrentLocation.Latitude';
  assert.deepEqual(shown({}), [
    [-2000, [latitude, 'Vehicle.Speed']],
    [-1000, [latitude, 'Vehicle.Speed']],
  ]);
  const precision = (_vehicle: number, group: ConsentGroup): Precision => (group === 'position' ? 'about1km' : 'exact');
  assert.deepEqual(shown({ precision })[0], [-2000, ['Vehicle.Speed']]);
  assert.deepEqual(shown({ allowsGroup: (_vehicle, group) => group === 'position' })[0], [-2000, [latitude]]);
  assert.deepEqual(shown({ periods: () => [{ fromMs: nowMs - 1500, toMs: null }] }).length, 1);
  assert.deepEqual(shown({}, (_vehicle, timeMs) => timeMs === nowMs - 1000).length, 1);
});

test('a raw report shows nothing that is older than its group is kept', () => {
  const rule = { retentionMs: 1500, byGroup: { motion: 500 }, shortestMs: 500, longestMs: 1500 };
  const retention: Pick<Retention, 'keptFromMs' | 'ruleOf'> = {
    ruleOf: () => rule,
    keptFromMs: (_vehicle, group, now) => now - (group === 'motion' ? 500 : 1500),
  };
  assert.deepEqual(shown({}, undefined, retention), [[-1000, ['Vehicle.CurrentLocation.Latitude']]]);
});
