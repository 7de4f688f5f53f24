export type { HidingRules, RetentionRule } from './hidden-values.ts';
export { type HistoryOptions, openHistory } from './open-history.ts';
export * from './ports.ts';
export * from './types.ts';
export { bucketOf } from './month-bucket.ts';
export { digestMonth, type MonthDigest } from './digest-month.ts';
export { readAllStatus, type TakenOver, takeOverChunks } from './take-over.ts';
