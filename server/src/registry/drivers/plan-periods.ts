import type { DriverAssignment, DriverPeriod, PrivatePeriod } from './types.ts';

export const overlaps = (a: DriverPeriod, b: DriverPeriod): boolean => a.fromMs < b.toMs && b.fromMs < a.toMs;

/** What making room for an assignment changes. */
export interface AssignmentPlan {
  /** Ends of assignments that were open. */
  readonly endings: readonly { readonly assignment: DriverAssignment; readonly toMs: number }[];
  /** Assignments that go on after the new one. */
  readonly resumptions: readonly (DriverAssignment & DriverPeriod)[];
  /** A closed one, or one that begins in it: it is not touched. */
  readonly obstacle?: DriverAssignment | undefined;
}

/**
 * Makes room for an assignment among those of its vehicle and its driver. One that is open and began before ends where the new one
 * begins, and goes on where that ends: who stands in for a week changes nothing before and after.
 */
export const planAssignment = (wanted: DriverPeriod, others: readonly DriverAssignment[]): AssignmentPlan => {
  const inTheWay = others.filter((other) => overlaps(other, wanted));
  const makesRoom = (other: DriverAssignment): boolean => other.toMs === Number.POSITIVE_INFINITY && other.fromMs < wanted.fromMs;
  const obstacle = inTheWay.find((other) => !makesRoom(other));
  if (obstacle) return { endings: [], resumptions: [], obstacle };
  const isOpen = wanted.toMs === Number.POSITIVE_INFINITY;
  return {
    endings: inTheWay.map((assignment) => ({ assignment, toMs: wanted.fromMs })),
    resumptions: isOpen ? [] : inTheWay.map((assignment) => ({ ...assignment, fromMs: wanted.toMs })),
  };
};

/** A stretch of time and whose it is. */
export interface PrivatePiece extends DriverPeriod {
  readonly driverNo: number | null;
}

const subtract = (pieces: readonly DriverPeriod[], taken: DriverPeriod): DriverPeriod[] =>
  pieces
    .flatMap(({ fromMs, toMs }) => [
      { fromMs, toMs: Math.min(toMs, taken.fromMs) },
      { fromMs: Math.max(fromMs, taken.toMs), toMs },
    ])
    .filter(({ fromMs, toMs }) => fromMs < toMs);

export const asDriverPeriod = ({ fromMs, toMs }: PrivatePeriod): DriverPeriod => ({
  fromMs,
  toMs: toMs ?? Number.POSITIVE_INFINITY,
});

/**
 * What of a period is not private yet, in pieces of one driver each. What is open goes on with the driver of now, whoever is planned to
 * follow: it ends when it is ended.
 */
export const planPrivate = (
  wanted: DriverPeriod,
  known: readonly PrivatePeriod[],
  assignments: readonly DriverAssignment[],
  nowMs: number,
): PrivatePiece[] => {
  let left: readonly DriverPeriod[] = [wanted];
  for (const period of known) left = subtract(left, asDriverPeriod(period));
  const edges = assignments.flatMap(({ fromMs, toMs }) => [fromMs, toMs]).filter((ms) => ms <= nowMs);
  const driverAt = (ms: number): number | null =>
    assignments.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)?.driverNo ?? null;
  return left.flatMap(({ fromMs, toMs }) => {
    const cuts = [...new Set([fromMs, ...edges.filter((ms) => ms > fromMs && ms < toMs)])].sort((a, b) => a - b);
    return cuts.map((from, i) => ({ fromMs: from, toMs: cuts[i + 1] ?? toMs, driverNo: driverAt(from) }));
  });
};
