export { deriveDay } from './derive-day.ts';
export { tripLimits } from './limits.ts';
export { emptySamples, type PlainColumn, plainColumns } from './samples.ts';
export * from './types.ts';
