import { physicalPartitionOf } from '../../../events/index.ts';
import { bucketStartMs } from '../../month-bucket.ts';
import type { CassandraStoreOptions } from './options.ts';
import type { Session } from './session.ts';

/** What every operation of the store needs. */
export interface CassandraStore {
  readonly session: Session;
  readonly options: CassandraStoreOptions;
  readonly groups: number;
  readonly now: () => number;
}

/** A group is a physical partition of the log: the same rule as there. */
export const groupOf = ({ groups }: CassandraStore, vehicleNo: number): number => physicalPartitionOf(vehicleNo, groups);

/** Vehicles `from` … `to` − 1 of a group, ascending. */
export function* vehiclesOf(store: CassandraStore, group: number, from: number, to: number): Generator<number> {
  for (let vehicleNo = from; vehicleNo < to; vehicleNo++) if (groupOf(store, vehicleNo) === group) yield vehicleNo;
}

/** The part of the period that lies in the month. */
export const withinMonth = (
  bucket: number,
  fromMs: number,
  toMs: number,
): { readonly fromMs: number; readonly toMs: number } => ({
  fromMs: Math.ceil(Math.max(fromMs, bucketStartMs(bucket))),
  toMs: Math.ceil(Math.min(toMs, bucketStartMs(bucket + 1))),
});

export const meets = (bucket: number, fromMs: number, toMs: number): boolean =>
  bucketStartMs(bucket + 1) > fromMs && bucketStartMs(bucket) < toMs;
