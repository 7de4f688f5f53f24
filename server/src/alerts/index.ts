export { warningLimits } from './limits.ts';
export { openWarnings, type WarningsOptions } from './read-warnings.ts';
export * from './types.ts';
export { WarningWriter, type WriterOptions } from './write-warnings.ts';
