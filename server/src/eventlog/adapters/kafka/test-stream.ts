import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { recordFields } from '../../../events/index.ts';
import type { EventLog } from '../../ports.ts';
import { append, makeRecord, range } from '../../test-support.ts';

/** A steady stream of numbered records for tests, and who hears it. */

/** Enough that each partition has some of them. */
export const streamVehicles = 64;
const everyMs = 5;

const vehicleOf = (seq: number): number => 1 + (seq % streamVehicles);

/** Waits for a condition; the time of the test is the limit. */
export const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await delay(20);
};

export interface Stream {
  /** Number of the next record. */
  readonly next: () => number;
  /** Those of records that were acknowledged. */
  readonly acknowledged: ReadonlySet<number>;
  /** The longest time without an acknowledgement since this was called last, ms. */
  readonly longestPauseMs: () => number;
  /** Resolves when everything is acknowledged; rejects with the first record that never will be. */
  readonly stop: () => Promise<void>;
}

/** Appends a record every few milliseconds. */
export const startStream = (log: EventLog): Stream => {
  const acknowledged = new Set<number>();
  const appends: Promise<unknown>[] = [];
  let lastMs = performance.now();
  let pauseMs = 0;
  const appendNext = async (seq: number): Promise<void> => {
    await append(log, makeRecord({ seq, vehicleNo: vehicleOf(seq) }));
    acknowledged.add(seq);
    const nowMs = performance.now();
    pauseMs = Math.max(pauseMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const timer = setInterval(() => {
    const appended = appendNext(appends.length);
    // `stop` tells of it.
    appended.catch(() => undefined);
    appends.push(appended);
  }, everyMs);
  return {
    next: () => appends.length,
    acknowledged,
    longestPauseMs: () => {
      const longest = Math.round(pauseMs);
      pauseMs = 0;
      return longest;
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(appends);
    },
  };
};

export interface Heard {
  /** By vehicle, as they came. */
  readonly ofVehicle: ReadonlyMap<number, readonly number[]>;
  readonly has: (seq: number) => boolean;
  /** The longest time in which nothing came since this was called last, ms. */
  readonly longestPauseMs: () => number;
  readonly failures: readonly Error[];
}

/** Follows all partitions from their beginning. */
export const hearStream = (log: EventLog): Heard => {
  const ofVehicle = new Map<number, number[]>();
  const known = new Set<number>();
  const failures: Error[] = [];
  let lastMs = performance.now();
  let pauseMs = 0;
  for (const partition of log.partitions()) {
    log.follow({
      partition,
      fromOffset: 0,
      handle: ({ count, view, starts }) => {
        for (const start of starts.slice(0, count)) {
          const [seq, vehicleNo] = [recordFields.seq(view, start), recordFields.vehicleNo(view, start)];
          known.add(seq);
          ofVehicle.set(vehicleNo, [...(ofVehicle.get(vehicleNo) ?? []), seq]);
        }
        const nowMs = performance.now();
        pauseMs = Math.max(pauseMs, nowMs - lastMs);
        lastMs = nowMs;
      },
      failed: (error) => failures.push(error),
    });
  }
  return {
    ofVehicle,
    has: (seq) => known.has(seq),
    longestPauseMs: () => {
      const longest = Math.round(pauseMs);
      pauseMs = 0;
      return longest;
    },
    failures,
  };
};

/** Records of all vehicles, and so of all partitions, that are appended from now on are acknowledged and heard. */
export const untilGoesOn = async (stream: Stream, hearers: readonly Heard[]): Promise<void> => {
  const from = stream.next();
  const wanted = range(from, from + streamVehicles);
  await until(() => wanted.every((seq) => stream.acknowledged.has(seq) && hearers.every(({ has }) => has(seq))));
};

/** Everything up to `count` was heard once, in the order of its vehicle. */
export const assertWhole = ({ ofVehicle, failures }: Heard, count: number): void => {
  assert.deepEqual(failures, []);
  for (const vehicle of range(0, streamVehicles)) {
    const expected = range(0, Math.ceil((count - vehicle) / streamVehicles)).map((i) => vehicle + i * streamVehicles);
    assert.deepEqual(ofVehicle.get(vehicle + 1), expected, `vehicle ${vehicle + 1}`);
  }
};
