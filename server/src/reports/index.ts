export { reportLimits } from './limits.ts';
export { makeReport, type MakeOptions } from './make-report.ts';
export { openReports, type Reports, type ReportsOptions } from './open-reports.ts';
export { reportCsv, reportFileName } from './report-csv.ts';
export type { FileRecord, ScheduleRecord } from './store.ts';
export type * from './types.ts';
