export { type CsvReading, csvItems, readMapping } from './import/csv-items.ts';
export { gpxItems } from './import/gpx-items.ts';
export { type Importer, openImporter } from './import/open-importer.ts';
export type { ImportItem, ImportOutcome } from './import/types.ts';
export { importLimits, ingestLimits } from './limits.ts';
export { type Gate, type GateOptions, openGate } from './open-gate.ts';
export { type IngestOptions, openIngest } from './open-ingest.ts';
export { sessionLimits } from './session-limits.ts';
export * from './types.ts';
