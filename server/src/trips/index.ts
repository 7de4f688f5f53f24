export type {
  ActivityPage,
  ActivityQuery,
  DaySummary,
  MileageDayFigures,
  MileageFigures,
  MileageQuery,
  Period,
  SeenTrip,
  SummaryQuery,
  TireDay,
  TireDays,
  Trips,
  VehicleTrip,
} from './days/reads.ts';
export { assembleTrips, type AssembledTrips, type TripsParts, type TripsStatistics } from './days/assemble-trips.ts';
export { DayThread } from './days/day-thread.ts';
export { forgetDays, type ForgottenDays } from './days/forget-days.ts';
export { LocalDays } from './days/local-days.ts';
export { type MakeDay, makeDayWith } from './days/make-day.ts';
export { tripStoreLimits } from './days/store-limits.ts';
export { TripMarks, type TripMarksOptions } from './days/trip-marks.ts';
export { deriveDay } from './derive-day.ts';
export { tripLimits } from './limits.ts';
export { emptySamples, type PlainColumn, plainColumns } from './samples.ts';
export { findTireTrend, type TireDayPressure, type TireTrend } from './tire-trend.ts';
export * from './types.ts';
