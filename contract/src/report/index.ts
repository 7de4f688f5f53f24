export { ByteReader, FormatError } from './byte-reader.ts';
export { ByteWriter } from './byte-writer.ts';
export { decodeReport, makeReportColumns, readReportTimes } from './decode-report.ts';
export { encodeColumns } from './encode-columns.ts';
export { decodePlain, encodePlain, type PlainSample } from './plain-report.ts';
export { makeSingleSample, readSingle, type SingleSample } from './read-single.ts';
export * from './report.ts';
export { type GrowingColumn, ReportBuilder } from './report-builder.ts';
