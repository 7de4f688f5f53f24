import type { ChunkStore, StatusChange } from './ports.ts';
import { readAllStatus } from './take-over.ts';

/** A change that only one of two stores has, or that has another reason or beginning there. */
export interface StatusDifference {
  readonly vehicleNo: number;
  readonly at: number;
  readonly before: StatusChange | undefined;
  readonly after: StatusChange | undefined;
}

export interface StatusComparison {
  readonly compared: number;
  readonly differences: number;
  readonly first: readonly StatusDifference[];
}

async function* eachChange(store: ChunkStore, isCompared: (change: StatusChange) => boolean): AsyncGenerator<StatusChange> {
  for await (const page of readAllStatus(store)) for (const change of page) if (isCompared(change)) yield change;
}

/** Both stores answer in this order; what follows within one ms of a vehicle is brought into the same order here. */
const order = (a: StatusChange, b: StatusChange): number =>
  b.at - a.at || a.vehicleNo - b.vehicleNo || (a.to < b.to ? -1 : Number(a.to > b.to));

/** Changes of one vehicle in one ms, in order of `to`. */
async function* eachMoment(changes: AsyncGenerator<StatusChange>): AsyncGenerator<StatusChange> {
  let moment: StatusChange[] = [];
  for await (const change of changes) {
    const [first] = moment;
    if (first && (first.at !== change.at || first.vehicleNo !== change.vehicleNo)) {
      yield* moment.sort(order);
      moment = [];
    }
    moment.push(change);
  }
  yield* moment.sort(order);
}

/** Walks through both timelines side by side. */
export const compareStatus = async (
  old: ChunkStore,
  fresh: ChunkStore,
  isCompared: (change: StatusChange) => boolean,
  firstMax: number,
): Promise<StatusComparison> => {
  const [left, right] = [eachMoment(eachChange(old, isCompared)), eachMoment(eachChange(fresh, isCompared))];
  const first: StatusDifference[] = [];
  let [compared, differences] = [0, 0];
  const differ = (before: StatusChange | undefined, after: StatusChange | undefined): void => {
    differences++;
    const { vehicleNo, at } = (before ?? after) as StatusChange;
    if (first.length < firstMax) first.push({ vehicleNo, at, before, after });
  };
  let [a, b] = [await left.next(), await right.next()];
  while (!a.done || !b.done) {
    compared++;
    const side = a.done ? 1 : b.done ? -1 : order(a.value, b.value);
    if (side === 0) {
      const [before, after] = [a.value as StatusChange, b.value as StatusChange];
      if (before.from !== after.from || before.reason !== after.reason) differ(before, after);
    } else if (side < 0) differ(a.value as StatusChange, undefined);
    else differ(undefined, b.value as StatusChange);
    if (side <= 0) a = await left.next();
    if (side >= 0) b = await right.next();
  }
  return { compared, differences, first };
};
