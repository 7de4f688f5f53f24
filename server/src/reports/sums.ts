import type { FigureSource, HarshKind, ReportFigures } from '@milepost/contract/api';

/** What is known of one vehicle for a part of the time, or of one trip. null: not known. */
export interface Portion {
  readonly vehicleNo: number;
  /** null: nobody is known; undefined: it is not of one driver. */
  readonly driverNo: number | null | undefined;
  /** Of the time zone asked for. */
  readonly day: string;
  readonly distanceM: number | null;
  readonly trips: number | null;
  readonly drivingMs: number | null;
  readonly idleMs: number | null;
  readonly topSpeedKmh: number | null;
  readonly energyKwh: number | null;
  readonly energySource: FigureSource | null;
  readonly charging: number | null;
  readonly chargedKwh: number | null;
  readonly harshEvents: Readonly<Record<HarshKind, number>> | null;
  /** receivedAt (ms) up to which reports are contained; null: it is not told. */
  readonly completeTo: number | null;
}

const add = (sum: number | null, value: number | null): number | null => (value === null ? sum : (sum ?? 0) + value);
const round = (value: number | null, digits: number): number | null =>
  value === null ? null : Math.round(value * 10 ** digits) / 10 ** digits;
/** Shorter ways say nothing of the consumption. */
const consumptionKmMin = 1;

/** The figures of one row. Portions of one vehicle come one after the other. */
export class Sums {
  vehicles = 0;
  warnings = 0;
  #vehiclesKnown = 0;
  #lastVehicleNo = 0;
  #distanceM: number | null = null;
  #trips: number | null = null;
  #drivingMs: number | null = null;
  #idleMs: number | null = null;
  #topSpeedKmh: number | null = null;
  #energyKwh: number | null = null;
  #energySource: FigureSource | null = null;
  /** The way of which the energy is known. */
  #energyM = 0;
  #energyKwhOfWay = 0;
  #charging: number | null = null;
  #chargedKwh: number | null = null;
  #harsh: Record<HarshKind, number> | null = null;

  add(portion: Portion): void {
    const { vehicleNo, distanceM, energyKwh, energySource, topSpeedKmh, harshEvents } = portion;
    if (vehicleNo !== this.#lastVehicleNo) this.#vehiclesKnown++;
    this.#lastVehicleNo = vehicleNo;
    this.#distanceM = add(this.#distanceM, distanceM);
    this.#trips = add(this.#trips, portion.trips);
    this.#drivingMs = add(this.#drivingMs, portion.drivingMs);
    this.#idleMs = add(this.#idleMs, portion.idleMs);
    this.#energyKwh = add(this.#energyKwh, energyKwh);
    this.#charging = add(this.#charging, portion.charging);
    this.#chargedKwh = add(this.#chargedKwh, portion.chargedKwh);
    if (topSpeedKmh !== null) this.#topSpeedKmh = Math.max(this.#topSpeedKmh ?? 0, topSpeedKmh);
    // One figure that is modelled makes a sum modelled.
    if (energyKwh !== null && this.#energySource !== 'modelled') this.#energySource = energySource;
    if (energyKwh !== null && distanceM !== null) {
      this.#energyM += distanceM;
      this.#energyKwhOfWay += energyKwh;
    }
    if (!harshEvents) return;
    this.#harsh ??= { braking: 0, acceleration: 0, cornering: 0 };
    this.#harsh.braking += harshEvents.braking;
    this.#harsh.acceleration += harshEvents.acceleration;
    this.#harsh.cornering += harshEvents.cornering;
  }

  /** `days`: over which averages are; `isByDriver`: of one person, however many vehicles were driven. */
  figures(days: number, isByDriver: boolean): ReportFigures {
    const known = this.#vehiclesKnown;
    const km = this.#distanceM === null ? null : this.#distanceM / 1000;
    const averageOver = days * (isByDriver ? Math.min(1, known) : known);
    const energyKm = this.#energyM / 1000;
    return {
      vehicles: Math.max(this.vehicles, known),
      vehiclesKnown: known,
      distanceKm: round(km, 3),
      averageDayKm: km === null || averageOver === 0 ? null : round(km / averageOver, 3),
      trips: this.#trips,
      drivingSeconds: this.#drivingMs === null ? null : Math.round(this.#drivingMs / 1000),
      idleSeconds: this.#idleMs === null ? null : Math.round(this.#idleMs / 1000),
      topSpeedKmh: round(this.#topSpeedKmh, 1),
      energyKwh: round(this.#energyKwh, 3),
      energySource: this.#energySource,
      energyShare: this.#energyKwh === null ? null : round(km ? Math.min(1, energyKm / km) : 1, 3),
      kwhPer100Km:
        energyKm < consumptionKmMin ? null : round(Math.min(10_000, Math.max(0, (100 * this.#energyKwhOfWay) / energyKm)), 2),
      charging: this.#charging,
      chargedKwh: round(this.#chargedKwh, 3),
      harshEvents: this.#harsh && { ...this.#harsh },
      warnings: this.warnings,
    };
  }
}
