/** How large a cluster has to be, computed from what was measured. Nothing here touches the outside. */
import { measured } from './measured.ts';

export interface PlanWanted {
  readonly vehicles: number;
  readonly reportsAMinute: number;
  readonly samplesAReport: number;
  /** How long history is kept. */
  readonly years: number;
  /** Copies of each record in Kafka, and of each row in Cassandra. */
  readonly replication: number;
  /** How long the log is kept. */
  readonly logDays: number;
  /** Part of a core that is planned for: the rest is for peaks, and for machines that are slower than the measured one. */
  readonly utilisation: number;
  /** Cores of a broker and of a node of Cassandra. */
  readonly nodeCores: number;
  /** Disk of a broker and of a node of Cassandra, TB. */
  readonly nodeTerabytes: number;
}

export const planDefaults: Omit<PlanWanted, 'vehicles' | 'reportsAMinute'> = {
  samplesAReport: 1,
  years: 3,
  replication: 3,
  logDays: 14,
  utilisation: 0.5,
  nodeCores: 8,
  nodeTerabytes: 4,
};

/** What no bench says: chosen, and told with the plan. */
export const planLimits = {
  /** Of each kind one process or node may fail, and the rest still carries everything. */
  spares: 1,
  /** More vehicles in one process were never measured. */
  cellVehiclesMax: 1_000_000,
  partitionsMin: 16,
  partitionsMax: 1024,
  /** So the partitions of one that failed are shared out evenly. */
  partitionsAProjector: 4,
  /** Partitions are chosen once: they are for so many times the load. */
  growth: 4,
  brokersMin: 3,
  cassandraNodesMin: 3,
  /** Part of a disk that stays free: for compaction, for what is moved when a node is replaced, for snapshots. */
  diskFree: 0.4,
  /** Chunks as they were flushed stay beside the merged ones for so long: until they are merged, and until compaction has removed them. */
  flushedDays: 62,
  /** A replica keeps so many tables of history of 64 MiB while chunks are not stored; a projector has two that wait and one that fills. */
  apiMemtableMb: 8 * 67,
  projectorMemtableMb: 3 * 67,
  daysAYear: 365.25,
} as const;

export interface Plan {
  readonly wanted: PlanWanted;
  /** A cell is a part of the fleet with a topic, a keyspace and processes of its own. */
  readonly cells: number;
  /** What one cell is planned for; several cells are planned full. */
  readonly cell: {
    readonly vehicles: number;
    readonly reportsAMinute: number;
    readonly partitions: number;
    readonly gateways: number;
    readonly projectors: number;
    readonly apis: number;
    readonly gatewayMb: number;
    readonly projectorMb: number;
    readonly apiMb: number;
  };
  /** Of all cells together. */
  readonly partitions: number;
  readonly gateways: number;
  readonly projectors: number;
  readonly apis: number;
  readonly processCores: number;
  readonly processGb: number;
  readonly brokers: number;
  readonly kafkaCores: number;
  readonly kafkaTerabytes: number;
  readonly cassandraNodes: number;
  readonly cassandraCores: number;
  readonly cassandraTerabytes: number;
  /** From the devices, as JSON without packing. */
  readonly devicesMbitASecond: number;
  /** Between gateways, brokers, projectors and API processes, copies among brokers included. */
  readonly kafkaMbitASecond: number;
  /** Between projectors and nodes of Cassandra, copies among nodes included. */
  readonly cassandraMbitASecond: number;
}

const microsASecond = 1e6;
const terabyte = 1e12;
const mbitOf = (bytesASecond: number): number => (bytesASecond * 8) / 1e6;

/** What a further sample of a report costs each role at most: it is what it costs all of them together on one machine. */
const moreSampleMicros =
  microsASecond / measured.hundredSampleReportsACpuSecond.value / 99 -
  microsASecond / measured.oneSampleReportsACpuSecond.value / 99;

/** Microseconds of CPU a report. At higher rates than the measured one a report costs less: what comes of this is enough. */
const roleMicros = (samplesAReport: number): Readonly<Record<'gateway' | 'projector' | 'api', number>> => {
  const more = (samplesAReport - 1) * moreSampleMicros;
  const chunks = samplesAReport * (measured.flushMicrosASample.value + measured.mergeMicrosASample.value);
  return {
    gateway: measured.gatewayMicrosAReport.value + more,
    projector: measured.projectorMicrosAReport.value + more + chunks,
    api: measured.apiMicrosAReport.value + more,
  };
};

/** A further sample takes in a record no more than in a small chunk. */
const recordBytes = (samplesAReport: number): number =>
  measured.kafkaBytesARecord.value + (samplesAReport - 1) * measured.flushedBytesASample.value;

const powerOfTwoFrom = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, count)));

/** MB of memory a vehicle that is known, and one that reports. */
const knownMb = (measured.millionKnownMb.value - measured.emptyMb.value) / measured.vehiclesOfMillion.value;
const reportingMb = (measured.millionReportingMb.value - measured.millionKnownMb.value) / measured.vehiclesOfMillion.value;

/** How many reports a second one API process can follow: it follows all of its cell. */
const cellReportsASecondMax = ({ samplesAReport, utilisation }: PlanWanted): number =>
  (utilisation * microsASecond) / roleMicros(samplesAReport).api;

/**
 * Processes of a role that share a cell, one of which may fail. A full cell is as much as an API process can follow, so that what it takes of
 * another role is in proportion. Longer reports shift the proportion: they never make a cell need less.
 */
const processesFor = (
  role: 'gateway' | 'projector',
  reportsASecond: number,
  { samplesAReport, utilisation }: PlanWanted,
): number => {
  const [micros, least] = [roleMicros(samplesAReport), roleMicros(1)];
  const fullCores = utilisation * Math.max(micros[role] / micros.api, least[role] / least.api);
  const cores = Math.min((reportsASecond * micros[role]) / microsASecond, fullCores);
  return Math.ceil(cores / utilisation) + planLimits.spares;
};

const planCell = (wanted: PlanWanted): Plan['cell'] => {
  const reportsASecond = wanted.reportsAMinute / 60;
  const vehicles = Math.min(wanted.vehicles, planLimits.cellVehiclesMax);
  const gateways = processesFor('gateway', reportsASecond, wanted);
  const projectors = processesFor('projector', reportsASecond, wanted);
  const { partitionsMin, partitionsMax, partitionsAProjector, spares, growth } = planLimits;
  const grown = processesFor('projector', reportsASecond * growth, wanted);
  const directoryMb = vehicles * knownMb;
  /** Vehicles of one process: when one has failed the others have its part. */
  const shareOf = (count: number): number => (vehicles * (1 + spares)) / count;
  return {
    vehicles,
    reportsAMinute: Math.min(reportsASecond, cellReportsASecondMax(wanted)) * 60,
    partitions: Math.min(partitionsMax, Math.max(partitionsMin, powerOfTwoFrom(grown * partitionsAProjector))),
    gateways,
    projectors,
    apis: 1 + spares,
    gatewayMb: measured.gatewayMb.value + directoryMb + (shareOf(gateways) * measured.kibAConnection.value * 1024) / 1e6,
    projectorMb:
      measured.projectorMb.value / 2 + directoryMb + shareOf(projectors) * reportingMb + planLimits.projectorMemtableMb,
    apiMb: measured.apiMb.value + directoryMb + vehicles * reportingMb + planLimits.apiMemtableMb,
  };
};

/** Nodes of a store by what they compute and what they keep, one of which may fail. */
const nodesFor = ({ nodeCores, nodeTerabytes, utilisation, replication }: PlanWanted, cores: number, terabytes: number): number =>
  Math.max(Math.ceil(cores / (nodeCores * utilisation)) + planLimits.spares, Math.ceil(terabytes / nodeTerabytes), replication);

const planStores = (wanted: PlanWanted) => {
  const { samplesAReport, replication, years, logDays, reportsAMinute } = wanted;
  const { diskFree, daysAYear, flushedDays, brokersMin, cassandraNodesMin } = planLimits;
  const reportsASecond = reportsAMinute / 60;
  const samplesASecond = reportsASecond * samplesAReport;
  const day = 86_400;
  const logBytesASecond = reportsASecond * recordBytes(samplesAReport);
  const kafkaTerabytes = (logBytesASecond * day * logDays * replication) / (1 - diskFree) / terabyte;
  const merged = samplesASecond * day * years * daysAYear * measured.mergedBytesASample.value;
  const flushed = samplesASecond * day * Math.min(flushedDays, years * daysAYear) * measured.flushedBytesASample.value;
  const cassandraTerabytes = ((merged + flushed) * replication) / (1 - diskFree) / terabyte;
  // Each copy costs as much as the first: a broker or node that has it writes it, too.
  const kafkaCores = (reportsASecond * measured.kafkaMicrosAReport.value * replication) / microsASecond;
  const cassandraMicros = measured.cassandraFlushMicrosASample.value + measured.cassandraMergeMicrosASample.value;
  const cassandraCores = (samplesASecond * cassandraMicros * replication) / microsASecond;
  // Flushed once, read again by the merge, written merged.
  const { flushedBytesASample, mergedBytesASample } = measured;
  const chunkBytes = flushedBytesASample.value * (replication + 1) + mergedBytesASample.value * replication;
  // A projector and the API processes of its cell.
  const followers = 1 + (1 + planLimits.spares);
  return {
    brokers: Math.max(brokersMin, nodesFor(wanted, kafkaCores, kafkaTerabytes)),
    kafkaCores,
    kafkaTerabytes,
    cassandraNodes: Math.max(cassandraNodesMin, nodesFor(wanted, cassandraCores, cassandraTerabytes)),
    cassandraCores,
    cassandraTerabytes,
    devicesMbitASecond: mbitOf(samplesASecond * measured.jsonReportBytes.value),
    kafkaMbitASecond: mbitOf(logBytesASecond * (replication + followers)),
    cassandraMbitASecond: mbitOf(samplesASecond * chunkBytes),
  };
};

export const makePlan = (wanted: PlanWanted): Plan => {
  const cells = Math.max(
    1,
    Math.ceil(wanted.reportsAMinute / 60 / cellReportsASecondMax(wanted)),
    Math.ceil(wanted.vehicles / planLimits.cellVehiclesMax),
  );
  const cell = planCell(wanted);
  const { gateways, projectors, apis } = cell;
  const cellMb = gateways * cell.gatewayMb + projectors * cell.projectorMb + apis * cell.apiMb;
  return {
    wanted,
    cells,
    cell,
    partitions: cells * cell.partitions,
    gateways: cells * gateways,
    projectors: cells * projectors,
    apis: cells * apis,
    // Each is planned for a part of one core; the rest is for the threads of history, and for what comes all at once.
    processCores: cells * (gateways + projectors + apis),
    processGb: (cells * cellMb) / 1000,
    ...planStores(wanted),
  };
};
