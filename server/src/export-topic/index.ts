export { type ExportLimits, exportLimits } from './limits.ts';
export * from './ports.ts';
export type { ExportContext, LeftOut } from './read-records.ts';
export {
  exportGroup,
  type ExportStatistics,
  type ExportTopic,
  type ExportTopicOptions,
  startExportTopic,
} from './start-export-topic.ts';
