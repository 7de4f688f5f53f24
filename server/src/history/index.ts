export type { HidingRules, RetentionRule } from './hidden-values.ts';
export { type HistoryOptions, openHistory } from './open-history.ts';
export * from './ports.ts';
export * from './types.ts';
