/**
 * What was measured, and where: everything that a plan is computed from. `measured.unit.test.ts` holds it equal to bench/results
 * (`UPDATE_DOCS=1` writes the values anew after a bench).
 */
export interface Measured {
  readonly value: number;
  readonly unit: string;
  /** Name of the scenario, and of its file in bench/results. */
  readonly scenario: string;
  /** The object of `figures` that has these values; undefined: the result itself. */
  readonly of?: Readonly<Record<string, string | number>>;
  /** Where it is in there. */
  readonly field: string;
}

/** The run that was steady; its two projectors are counted together. */
const twoProjectors = { what: 'cluster', projectors: 2 };
const cpuAReport = 'µs of CPU a report';
const cpuASample = 'µs of CPU a sample';
const bytesASample = 'bytes a sample';

/** Reports of one sample of 13 signals, unless the scenario says otherwise. */
export const measured = {
  gatewayMicrosAReport: {
    value: 77.52,
    unit: cpuAReport,
    scenario: 'cluster',
    of: twoProjectors,
    field: 'cpuMicrosAReport.gateway',
  },
  projectorMicrosAReport: {
    value: 12.39,
    unit: cpuAReport,
    scenario: 'cluster',
    of: twoProjectors,
    field: 'cpuMicrosAReport.projectors',
  },
  apiMicrosAReport: { value: 23.86, unit: cpuAReport, scenario: 'cluster', of: twoProjectors, field: 'cpuMicrosAReport.api' },
  kafkaMicrosAReport: { value: 74.62, unit: cpuAReport, scenario: 'cluster', of: twoProjectors, field: 'cpuMicrosAReport.kafka' },
  kafkaBytesARecord: {
    value: 188.48,
    unit: 'bytes a record',
    scenario: 'cluster',
    of: twoProjectors,
    field: 'kafkaBytesARecord',
  },
  gatewayMb: { value: 206, unit: 'MB', scenario: 'cluster', of: twoProjectors, field: 'memoryMb.gateway' },
  /** Of both. */
  projectorMb: { value: 521, unit: 'MB', scenario: 'cluster', of: twoProjectors, field: 'memoryMb.projectors' },
  apiMb: { value: 238, unit: 'MB', scenario: 'cluster', of: twoProjectors, field: 'memoryMb.api' },
  jsonReportBytes: { value: 673, unit: 'bytes a report', scenario: 'cluster', of: { what: 'a report' }, field: 'jsonBytes' },
  flushMicrosASample: {
    value: 12.53,
    unit: cpuASample,
    scenario: 'cassandra',
    of: { chunks: 'flushed' },
    field: 'cpuMicrosASample',
  },
  cassandraFlushMicrosASample: {
    value: 56.21,
    unit: cpuASample,
    scenario: 'cassandra',
    of: { chunks: 'flushed' },
    field: 'cassandraCpuMicrosASample',
  },
  mergeMicrosASample: {
    value: 8.61,
    unit: cpuASample,
    scenario: 'cassandra',
    of: { chunks: 'merged' },
    field: 'cpuMicrosASample',
  },
  cassandraMergeMicrosASample: {
    value: 27.74,
    unit: cpuASample,
    scenario: 'cassandra',
    of: { chunks: 'merged' },
    field: 'cassandraCpuMicrosASample',
  },
  flushedBytesASample: {
    value: 24.63,
    unit: bytesASample,
    scenario: 'cassandra',
    of: { chunks: 'flushed' },
    field: 'bytesASample',
  },
  mergedBytesASample: { value: 11.5, unit: bytesASample, scenario: 'cassandra', of: { chunks: 'merged' }, field: 'bytesASample' },
  oneSampleReportsACpuSecond: {
    value: 100262,
    unit: 'reports of one sample a CPU second',
    scenario: 'ws-binary',
    field: 'reportsPerCpuSecond',
  },
  hundredSampleReportsACpuSecond: {
    value: 26362,
    unit: 'reports of 100 samples a CPU second',
    scenario: 'ws-binary-100',
    field: 'reportsPerCpuSecond',
  },
  emptyMb: { value: 103, unit: 'MB', scenario: 'million', of: { what: 'before' }, field: 'rssMb' },
  millionKnownMb: { value: 889, unit: 'MB', scenario: 'million', of: { what: 'directory' }, field: 'rssMb' },
  millionReportingMb: { value: 1993, unit: 'MB', scenario: 'million', of: { what: 'all' }, field: 'peakRssMb' },
  vehiclesOfMillion: { value: 1000000, unit: 'vehicles', scenario: 'million', of: { what: 'all' }, field: 'vehicles' },
  kibAConnection: { value: 7.4, unit: 'KiB a connection', scenario: 'idle', of: {}, field: 'kibAConnection' },
} as const satisfies Record<string, Measured>;
