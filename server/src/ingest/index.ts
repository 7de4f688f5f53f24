export { ingestLimits } from './limits.ts';
export { type Gate, type GateOptions, openGate } from './open-gate.ts';
export { type IngestOptions, openIngest } from './open-ingest.ts';
export { sessionLimits } from './session-limits.ts';
export * from './types.ts';
