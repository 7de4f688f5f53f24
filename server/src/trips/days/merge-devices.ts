import type { DeviceKind, SignalDefinition } from '@milepost/contract';
import { tripStoreLimits } from './store-limits.ts';

/** Values of signals by row, ascending in time. NaN: none. */
export interface SignalRows {
  readonly times: Float64Array;
  readonly columns: readonly Float64Array[];
}

/** What one device said. */
export interface DeviceRows {
  /** Undefined: the registry does not know it. */
  readonly kind: DeviceKind | undefined;
  readonly rows: SignalRows;
}

/** All times, each once, ascending. */
const joinTimes = (devices: readonly DeviceRows[]): Float64Array => {
  const all = new Float64Array(devices.reduce((sum, { rows }) => sum + rows.times.length, 0));
  let at = 0;
  for (const { rows } of devices) {
    all.set(rows.times, at);
    at += rows.times.length;
  }
  all.sort();
  let kept = 0;
  for (const time of all) if (kept === 0 || time !== all[kept - 1]) all[kept++] = time;
  return all.subarray(0, kept);
};

const rankOf = ({ sourcePriority }: SignalDefinition, kind: DeviceKind | undefined): number => {
  const rank = kind === undefined ? -1 : sourcePriority.indexOf(kind);
  return rank < 0 ? sourcePriority.length : rank;
};

/**
 * One signal of several devices: as the latest value is found, a device that is preferred for the signal holds it for `sourceHoldMs`; then the
 * next one is heard. Of two of one kind the first one is preferred: two trackers in one car would make it jump between them.
 */
const mergeSignal = (times: Float64Array, devices: readonly DeviceRows[], s: number): Float64Array => {
  const merged = new Float64Array(times.length).fill(Number.NaN);
  const next = devices.map(() => 0);
  let [holderAt, holder] = [Number.NEGATIVE_INFINITY, devices.length];
  for (const [i, time] of times.entries()) {
    for (const [d, { rows }] of devices.entries()) {
      let row = next[d] as number;
      for (; rows.times[row] === time; row++) {
        const value = (rows.columns[s] as Float64Array)[row] as number;
        if (Number.isNaN(value)) continue;
        if (d > holder && time <= holderAt + tripStoreLimits.sourceHoldMs) continue;
        if (d === holder && time === holderAt && !Number.isNaN(merged[i] as number)) continue;
        merged[i] = value;
        [holderAt, holder] = [time, d];
      }
      next[d] = row;
    }
  }
  return merged;
};

/** Rows of several devices on one vehicle as if one had said them. */
export const mergeDevices = (signals: readonly SignalDefinition[], devices: readonly DeviceRows[]): SignalRows => {
  const heard = devices.filter(({ rows }) => rows.times.length > 0);
  if (heard.length < 2) return heard[0]?.rows ?? (devices[0] as DeviceRows).rows;
  const times = joinTimes(heard);
  const columns = signals.map((signal, s) => {
    const byRank = heard.map((device, order) => ({ device, order, rank: rankOf(signal, device.kind) }));
    byRank.sort((a, b) => a.rank - b.rank || a.order - b.order);
    return mergeSignal(
      times,
      byRank.map(({ device }) => device),
      s,
    );
  });
  return { times, columns };
};
