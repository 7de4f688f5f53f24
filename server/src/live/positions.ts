import type { LogPosition } from '../eventlog/index.ts';

/** Positions in one text, for messages and to compare them. */
export const tellPositions = (positions: ReadonlyMap<number, number>): string =>
  [...positions]
    .sort(([a], [b]) => a - b)
    .map(([partition, offset]) => `${offset} of partition ${partition}`)
    .join(', ') || 'no position';

export const positionMap = (positions: readonly LogPosition[]): Map<number, number> =>
  new Map(positions.map(({ partition, offset }) => [partition, offset]));
