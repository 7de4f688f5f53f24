import type { Erasures } from '../../erasure/index.ts';
import { openKafkaExportSink } from '../../export-topic/adapters/kafka/index.ts';
import { type ExportTopic, startExportTopic } from '../../export-topic/index.ts';
import type { PartReadiness } from '../../http/index.ts';
import { assert } from '../../kernel/index.ts';
import { jobScope } from '../../sharing/index.ts';
import type { Closers } from '../open-parts.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { kafkaReach } from './reach.ts';

export interface Exporter {
  readonly statistics: ExportTopic['statistics'];
  readiness(): PartReadiness;
}

/** Writes what vehicles report into a topic for other programs. Exporters share the partitions. */
export const runExporter = async (
  { base, stored, log }: ClusterParts,
  { erasures, closers }: { readonly erasures: Erasures; readonly closers: Closers },
): Promise<Exporter> => {
  const { configuration, logger, failed } = base;
  const { kafkaTopic, exportTopic } = configuration;
  const { directory, drivers, possessions } = stored.registry;
  const scope = jobScope({ possession: possessions.directory, drivers: drivers.directory, clock: base.clock });
  assert(exportTopic, 'an exporter has a topic');
  const sink = await openKafkaExportSink({ ...kafkaReach(configuration), topic: exportTopic, logTopic: kafkaTopic, logger });
  closers.add('export sink', () => sink.close());
  const exporter = startExportTopic({
    log,
    sink,
    vehicleId: (vehicleNo) => directory.vehicleByNo(vehicleNo)?.id,
    deviceId: (deviceNo) => directory.deviceByNo(deviceNo)?.id,
    isErased: (vehicleNo, timeMs) => erasures.isErased(vehicleNo, timeMs),
    hiddenPeriods: (vehicleNo, group) => scope.hiddenPeriods(vehicleNo, group),
    vocabulary: () => stored.vocabulary,
    refresh: async () => {
      await stored.registry.catchUp();
    },
    logger,
    failed,
  });
  closers.add('exporter', () => exporter.stop());
  return {
    statistics: () => exporter.statistics(),
    readiness: () => {
      const { partitions, lag } = exporter.statistics();
      return { name: 'exporter', isReady: true, detail: `${partitions} partitions, ${lag} offsets behind` };
    },
  };
};
