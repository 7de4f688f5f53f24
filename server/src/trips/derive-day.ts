import type { FigureSource } from '@milepost/contract/api';
import { type Analysis, endOf, startOf } from './analysis.ts';
import { findCharging } from './charging.ts';
import { cutSegments } from './cut-segments.ts';
import { coldTires, lastOdometer, rangeAtFull } from './day-figures.ts';
import { measureWay } from './distance.ts';
import { findEnergy } from './energy.ts';
import { findIdling, type Idling } from './idle.ts';
import { Quarters } from './quarters.ts';
import { dayLengthMs, readWindow } from './read-window.ts';
import { rowAt } from './samples.ts';
import type { Segment } from './segments.ts';
import { describeStop, describeTrip } from './trip.ts';
import type { DeriveDay, Stop, Trip, VehicleDay, VehicleFacts } from './types.ts';

/** Everything of a day that trips and stops add up to. */
class DayMaker {
  readonly #analysis: Analysis;
  readonly #vehicle: VehicleFacts;
  readonly #dayMs: number;
  readonly #trips: Trip[] = [];
  readonly #stops: Stop[] = [];
  readonly #distance: Quarters;
  readonly #driving: Quarters;
  readonly #idle: Quarters;
  readonly #energy: Quarters;
  #energySource: FigureSource | null = null;

  constructor(analysis: Analysis, dayMs: number, vehicle: VehicleFacts) {
    this.#analysis = analysis;
    this.#vehicle = vehicle;
    this.#dayMs = dayMs;
    this.#distance = new Quarters(dayMs);
    this.#driving = new Quarters(dayMs);
    this.#idle = new Quarters(dayMs);
    this.#energy = new Quarters(dayMs);
  }

  make(): VehicleDay {
    const { samples } = this.#analysis;
    const endMs = this.#dayMs + dayLengthMs;
    for (const segment of cutSegments(this.#analysis, this.#dayMs)) {
      if (segment.kind === 'trip') this.#addTrip(segment);
      else this.#addStop(segment);
    }
    return {
      dayMs: this.#dayMs,
      trips: this.#trips,
      stops: this.#stops,
      charging: findCharging(this.#analysis, this.#vehicle).filter(({ fromMs }) => fromMs >= this.#dayMs && fromMs < endMs),
      distanceM: this.#distance.toArray(),
      drivingMs: this.#driving.toArray(),
      idleMs: this.#idle.toArray(),
      energyKwh: this.#energy.toArray(),
      energySource: this.#energySource,
      ...lastOdometer(samples, this.#dayMs, endMs),
      ...rangeAtFull(samples, this.#dayMs, endMs),
      coldTireKpa: coldTires(this.#analysis, this.#dayMs, endMs),
      samples: rowAt(samples.times, endMs) - rowAt(samples.times, this.#dayMs),
    };
  }

  #isOfDay(segment: Segment): boolean {
    const startMs = startOf(this.#analysis, segment);
    return startMs >= this.#dayMs && startMs < this.#dayMs + dayLengthMs;
  }

  #addTrip(segment: Segment): void {
    const analysis = this.#analysis;
    const way = measureWay(analysis, segment.from, segment.to);
    const energy = findEnergy(analysis, segment, this.#vehicle);
    const idling = findIdling(analysis, segment);
    if (this.#isOfDay(segment)) this.#trips.push(describeTrip(analysis, segment, { way, energy, idling }));
    this.#distance.addCourse(analysis.track.times, segment.from, way.atNode);
    if (energy) {
      this.#energy.addCourse(energy.times, 0, energy.usedKwh);
      // One modelled trip makes the sum modelled.
      this.#energySource = this.#energySource === 'modelled' ? 'modelled' : energy.source;
    }
    this.#addIdling(idling);
    let fromMs = startOf(analysis, segment);
    for (const one of [...idling, { fromMs: endOf(analysis, segment), toMs: Number.NaN }]) {
      this.#driving.add(fromMs, one.fromMs, one.fromMs - fromMs);
      fromMs = one.toMs;
    }
  }

  #addStop(segment: Segment): void {
    const idling = findIdling(this.#analysis, segment);
    if (this.#isOfDay(segment)) this.#stops.push(describeStop(this.#analysis, segment, idling));
    this.#addIdling(idling);
  }

  #addIdling(idling: readonly Idling[]): void {
    for (const { fromMs, toMs } of idling) this.#idle.add(fromMs, toMs, toMs - fromMs);
  }
}

/** Derives one day: see `DeriveDay`. */
export const deriveDay: DeriveDay = async (dayMs, read, vehicle, nowMs) =>
  new DayMaker(await readWindow(dayMs, read, nowMs), dayMs, vehicle).make();
