import { simulatorLimits } from './limits.ts';
import type { Past, PastSample } from './model.ts';
import type { Period } from './state-file.ts';
import type { VehicleFeed } from './vehicle-feed.ts';

const dayMs = 86_400_000;

/** Periods without one of them. */
export const subtract = (periods: readonly Period[], [from, to]: Period): Period[] =>
  periods.flatMap(([start, end]): Period[] => {
    if (to <= start || from >= end) return [[start, end]];
    return [...(start < from ? [[start, from] as const] : []), ...(to < end ? [[to, end] as const] : [])];
  });

/**
 * What is missing of a vehicle at a start: what was missing at the last one, and what lies between its end and where it goes on now. Older
 * than `sinceMs` its tracker keeps nothing.
 */
export const missingAt = (
  known: { readonly missing?: readonly Period[]; readonly sentUntilMs?: number },
  sinceMs: number,
  liveFromMs: number,
): Period[] => {
  const { missing = [], sentUntilMs = sinceMs } = known;
  const all: readonly Period[] = [...missing, [sentUntilMs, liveFromMs]];
  return all.map(([from, to]): Period => [Math.max(from, sinceMs), to]).filter(([from, to]) => from < to);
};

export interface LateVehicle {
  readonly feed: Pick<VehicleFeed, 'sendLate' | 'client'>;
  readonly past: Past;
  /** Changes as its parts are acknowledged. */
  missing: readonly Period[];
  /** Those with a higher one come before all others. */
  readonly priority: number;
}

/** A day of a vehicle that is being sent. */
interface Task {
  readonly vehicle: LateVehicle;
  readonly period: Period;
  readonly samples: Iterator<PastSample>;
  unacknowledged: number;
  isOver: boolean;
  /** What did not go out yet. */
  waiting: PastSample[];
}

const tasksOf = (vehicle: LateVehicle): { readonly vehicle: LateVehicle; readonly period: Period }[] =>
  vehicle.missing.flatMap(([from, to]) => {
    const days: { vehicle: LateVehicle; period: Period }[] = [];
    for (let end = to; end > from; ) {
      const start = Math.max(from, Math.floor((end - 1) / dayMs) * dayMs);
      days.push({ vehicle, period: [start, end] });
      end = start;
    }
    return days;
  });

/**
 * Sends what trackers stored before now, in the background: the newest day first, and no more in a second than the server takes without
 * anybody noticing.
 */
export class BackFill {
  readonly #tasks: { readonly vehicle: LateVehicle; readonly period: Period }[];
  #open: Task[] = [];
  readonly #done: () => void;
  /** Days of vehicles that there are to send. */
  readonly days: number;
  samples = 0;
  #isDone = false;

  /** @param done is called once, when all of it was acknowledged */
  constructor(vehicles: readonly LateVehicle[], done: () => void) {
    this.#done = done;
    // The last one is taken first.
    this.#tasks = vehicles.flatMap(tasksOf).sort((a, b) => a.vehicle.priority - b.vehicle.priority || a.period[1] - b.period[1]);
    this.days = this.#tasks.length;
  }

  /** Sends a few reports more. @param reports how many at most */
  advance(reports: number): void {
    // Revoked, or it said goodbye: nothing comes from it any more.
    this.#open = this.#open.filter(({ vehicle }) => vehicle.feed.client.state !== 'stopped');
    let left = reports;
    for (const task of this.#open) left -= this.#send(task, left);
    while (left > 0 && this.#open.length < simulatorLimits.lateDaysAtOnce) {
      const next = this.#tasks.pop();
      if (!next) break;
      const samples = next.vehicle.past(...next.period)[Symbol.iterator]();
      const task = { ...next, samples, unacknowledged: 0, isOver: false, waiting: [] };
      this.#open.push(task);
      left -= this.#send(task, left);
    }
    if (this.#isDone || this.#tasks.length > 0 || this.#open.length > 0) return;
    this.#isDone = true;
    this.#done();
  }

  /** Answers how many reports it sent: fewer than `most` when the day is over, or its vehicle takes no more now. */
  #send(task: Task, most: number): number {
    let sent = 0;
    while (sent < most && !(task.isOver && task.waiting.length === 0)) {
      this.#gather(task);
      if (task.waiting.length === 0) break;
      const isSent = task.vehicle.feed.sendLate(task.waiting, () => {
        task.unacknowledged--;
        this.#finish(task);
      });
      if (!isSent) return sent;
      this.samples += task.waiting.length;
      task.unacknowledged++;
      task.waiting = [];
      sent++;
    }
    this.#finish(task);
    return sent;
  }

  #gather(task: Task): void {
    while (!task.isOver && task.waiting.length < simulatorLimits.lateSamplesPerReport) {
      const next = task.samples.next();
      if (next.done) task.isOver = true;
      else task.waiting.push(next.value);
    }
  }

  #finish(task: Task): void {
    if (!task.isOver || task.unacknowledged > 0 || task.waiting.length > 0 || !this.#open.includes(task)) return;
    this.#open = this.#open.filter((one) => one !== task);
    task.vehicle.missing = subtract(task.vehicle.missing, task.period);
  }
}
