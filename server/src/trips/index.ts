export { deriveDay } from './derive-day.ts';
export { tripLimits } from './limits.ts';
export { emptySamples, type PlainColumn, plainColumns } from './samples.ts';
export { findTireTrend, type TireDayPressure, type TireTrend } from './tire-trend.ts';
export * from './types.ts';
