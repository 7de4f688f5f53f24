export { type ExportSinkLimits, exportSinkLimits, type ExportSinkOptions, openKafkaExportSink } from './kafka-sink.ts';
