import { assert, OperationalError } from '../../../kernel/index.ts';
import type { AppliedState, ChunkFlush, Claim } from '../../ports.ts';
import type { Row, Session, Statement } from './session.ts';

/** How far each partition of the log is in chunks, and who may write it. */

interface Applied {
  /** Undefined: it was claimed, nothing was written. */
  readonly offset: number | undefined;
  readonly completeTo: number;
  readonly epoch: number;
}

const cql = {
  all: 'SELECT log_partition, applied_offset, complete_to FROM applied',
  one: 'SELECT applied_offset, complete_to, epoch FROM applied WHERE log_partition = ?',
  make: 'INSERT INTO applied (log_partition, applied_offset, complete_to, epoch) VALUES (?, ?, ?, ?) IF NOT EXISTS',
  set: 'UPDATE applied SET applied_offset = ?, complete_to = ?, epoch = ? WHERE log_partition = ? IF epoch = ? AND applied_offset = ?',
} as const;

const appliedOf = (row: Row): Applied => ({
  offset: row['applied_offset'] === null ? undefined : Number(row['applied_offset']),
  completeTo: Number(row['complete_to'] ?? 0),
  epoch: Number(row['epoch'] ?? 0),
});

const longOf = (value: number | undefined): bigint | null => (value === undefined ? null : BigInt(value));

const setTo = (partition: number, before: Applied | undefined, after: Applied): Statement => {
  const values = [longOf(after.offset), longOf(after.completeTo), longOf(after.epoch)];
  return before
    ? { query: cql.set, params: [...values, partition, longOf(before.epoch), longOf(before.offset)] }
    : { query: cql.make, params: [partition, ...values] };
};

/**
 * Sets the row to what `next` makes of it, unless another changed it meanwhile: then again. What became of a change that failed is seen when the
 * row is read again. Undefined: it is as it has to be.
 */
const change = async (
  session: Session,
  partition: number,
  next: (before: Applied | undefined) => Applied | undefined,
): Promise<Applied | undefined> => {
  for (let tries = 0; tries < session.limits.conflictsMax; tries++) {
    const [row] = await session.serialRows(cql.one, [partition]);
    const before = row && appliedOf(row);
    const after = next(before);
    if (!after) return before;
    if (await session.decide([setTo(partition, before, after)])) return after;
  }
  throw new OperationalError('unavailable', `partition ${partition} of the log was changed by others each time`);
};

export const readApplied = async (session: Session): Promise<AppliedState[]> => {
  const rows = await session.rows(cql.all, []);
  return rows
    .map((row) => ({ partition: Number(row['log_partition']), ...appliedOf(row) }))
    .flatMap(({ partition, offset, completeTo }) =>
      offset === undefined ? [] : [{ partition, appliedOffset: offset, completeTo }],
    )
    .toSorted((a, b) => a.partition - b.partition);
};

/** Undefined: nothing was ever written for the partition. */
export const readAppliedOffset = async (session: Session, partition: number): Promise<number | undefined> => {
  const [row] = await session.rows(cql.one, [partition]);
  return row && appliedOf(row).offset;
};

const refuseSuperseded = (partition: number, epoch: number | undefined, found: number): void => {
  if (epoch === undefined) return;
  assert(epoch <= found, `partition ${partition} was claimed ${found} times, and not ${epoch} times`);
  if (epoch < found)
    throw new OperationalError(
      'superseded',
      `partition ${partition} of the log was taken over: claim ${found}, this is ${epoch}`,
    );
};

export const checkClaim = async (session: Session, { partition, epoch }: Claim): Promise<void> => {
  const [row] = await session.serialRows(cql.one, [partition]);
  refuseSuperseded(partition, epoch, row ? appliedOf(row).epoch : 0);
};

export const claimPartition = async (session: Session, partition: number): Promise<number> => {
  const after = await change(session, partition, (before) => ({
    offset: before?.offset,
    completeTo: before?.completeTo ?? 0,
    epoch: (before?.epoch ?? 0) + 1,
  }));
  return (after as Applied).epoch;
};

/** The last step of a flush: its chunks are there. Never goes back. */
export const commitApplied = async (
  session: Session,
  { partition, appliedOffset, completeTo, epoch }: ChunkFlush,
): Promise<void> => {
  await change(session, partition, (before) => {
    refuseSuperseded(partition, epoch, before?.epoch ?? 0);
    const offset = Math.max(before?.offset ?? -1, appliedOffset);
    const to = Math.max(before?.completeTo ?? 0, completeTo);
    if (before && before.offset === offset && before.completeTo === to) return undefined;
    return { offset, completeTo: to, epoch: before?.epoch ?? 0 };
  });
};
