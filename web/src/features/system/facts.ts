import type { SystemView } from '@milepost/contract/api';
import type { Formats, Presented } from '../../components/formats.ts';
import type { Fact } from './fact.ts';

type Translate = (key: string, named?: Record<string, unknown>, plural?: number) => string;

export interface Speaker {
  readonly t: Translate;
  readonly formats: Formats;
  readonly nowMs: number;
}

const plain = (text: string): Presented => ({ text, unit: '' });
const days = ({ t, formats }: Speaker, count: number): Presented => ({
  text: formats.upTo(count, 1),
  unit: t('system.glance.days', {}, count),
});
const counted = ({ t, formats }: Speaker, key: string, count: number): string => t(key, { count: formats.number(count) }, count);
const ageOf = ({ t, formats, nowMs }: Speaker, time: string | null): Presented =>
  plain(time === null ? t('unknown') : formats.age(time, nowMs));

export const logFacts = (speaker: Speaker, log: SystemView['log']): Fact[] => {
  const { t, formats } = speaker;
  const most =
    log.retentionBytes === null ? '' : t('system.log.keptBytes', { size: formats.join(formats.bytes(log.retentionBytes)) });
  return [
    {
      name: t('system.log.size'),
      term: counted(speaker, log.offsetsCount === 'bytes' ? 'system.log.segments' : 'system.models.partitions', log.segments),
      value: formats.bytes(log.bytes),
    },
    {
      name: t('system.log.oldest'),
      ...(log.oldestReceivedAt ? { term: formats.dateTime(log.oldestReceivedAt) } : {}),
      value: ageOf(speaker, log.oldestReceivedAt),
    },
    { name: t('system.log.newest'), value: ageOf(speaker, log.newestReceivedAt) },
    { name: t('system.log.kept'), ...(most ? { term: most } : {}), value: days(speaker, log.retentionDays) },
    { name: t('system.log.appended'), value: plain(formats.number(log.appendedRecords)) },
    { name: t('system.log.pending'), term: t('system.log.pendingTerm'), value: plain(formats.number(log.pendingRecords)) },
  ];
};

export const historyFacts = (speaker: Speaker, history: NonNullable<SystemView['history']>): Fact[] => {
  const { t, formats } = speaker;
  const size = (bytes: number): string => formats.join(formats.bytes(bytes));
  const merged = t('system.history.mergesTerm', { before: size(history.mergeBytesBefore), after: size(history.mergeBytesAfter) });
  const flush = t('system.history.flushesTerm', { duration: `${formats.number(history.lastFlushMs)} ms` });
  return [
    {
      name: t('system.history.size'),
      term: counted(speaker, 'system.history.chunks', history.storedChunks),
      value: formats.bytes(history.storedBytes),
    },
    { name: t('system.history.rows'), term: t('system.history.rowsTerm'), value: plain(formats.number(history.storedRows)) },
    {
      name: t('system.history.memory'),
      term: counted(speaker, 'system.history.memtable', history.memtableReports),
      value: formats.bytes(history.memtableBytes),
    },
    {
      name: t('system.history.flushes'),
      ...(history.flushes > 0 ? { term: flush } : {}),
      value: plain(formats.number(history.flushes)),
    },
    {
      name: t('system.history.merges'),
      ...(history.merges > 0 ? { term: merged } : {}),
      value: plain(formats.number(history.merges)),
    },
    {
      name: t('system.history.keyframes'),
      term: t('system.history.keyframesTerm'),
      value: plain(formats.number(history.keyframes)),
    },
    {
      name: t('system.history.conflicts'),
      term: t('system.history.conflictsTerm'),
      value: plain(formats.number(history.conflicts)),
    },
    { name: t('system.history.kept'), term: t('system.history.keptTerm'), value: days(speaker, history.retentionDays) },
  ];
};

export const liveFacts = ({ t, formats }: Speaker, live: NonNullable<SystemView['live']>): Fact[] => [
  { name: t('system.live.vehicles'), value: plain(formats.number(live.vehicles)) },
  { name: t('system.live.values'), value: plain(formats.number(live.values)) },
  { name: t('system.live.memory'), value: formats.bytes(live.bytes) },
];

export const ingestFacts = ({ t, formats }: Speaker, ingest: NonNullable<SystemView['ingest']>): Fact[] => {
  const count = (value: number): Presented => plain(formats.number(value));
  return [
    { name: t('system.ingest.reports'), value: count(ingest.reports) },
    { name: t('system.ingest.samples'), value: count(ingest.samples) },
    { name: t('system.ingest.values'), value: count(ingest.values) },
    { name: t('system.ingest.heartbeats'), term: t('system.ingest.heartbeatsTerm'), value: count(ingest.heartbeats) },
    { name: t('system.ingest.rejected'), term: t('system.ingest.rejectedTerm'), value: count(ingest.rejected) },
    { name: t('system.ingest.connections'), value: count(ingest.deviceConnections) },
    { name: t('system.ingest.throttles'), term: t('system.ingest.throttlesTerm'), value: count(ingest.throttles) },
  ];
};

const growthFacts = ({ t, formats }: Speaker, { bytesPerDay, measuredForMs }: SystemView['disk']): Fact[] => {
  if (bytesPerDay === null) return [];
  const term = t('system.disk.growthTerm', { duration: formats.duration(measuredForMs) });
  return [{ name: t('system.disk.growth'), term, value: formats.bytes(bytesPerDay) }];
};

export const diskFacts = (speaker: Speaker, disk: SystemView['disk']): Fact[] => {
  const { t, formats } = speaker;
  const size = (bytes: number): string => formats.join(formats.bytes(bytes));
  return [
    {
      name: t('system.disk.free'),
      term: t('system.disk.ofTotal', { total: size(disk.totalBytes) }),
      value: formats.bytes(disk.freeBytes),
    },
    { name: t('system.disk.reserve'), term: t('system.disk.reserveTerm'), value: formats.bytes(disk.reserveBytes) },
    { name: t('system.disk.folder'), value: formats.bytes(disk.folderBytes) },
    ...growthFacts(speaker, disk),
  ];
};

export const processFacts = (speaker: Speaker, system: SystemView): Fact[] => {
  const { t, formats, nowMs } = speaker;
  const { database, startedAt, memoryBytes, roles } = system;
  return [
    {
      name: t('system.process.started'),
      term: formats.dateTime(startedAt),
      value: plain(formats.duration(nowMs - Date.parse(startedAt))),
    },
    { name: t('system.process.memory'), value: formats.bytes(memoryBytes) },
    {
      name: t('system.process.database'),
      term: t(database.isEmbedded ? 'system.process.databaseOwn' : 'system.process.databaseOther'),
      value: database.bytes === null ? plain(t('system.process.noAnswer')) : formats.bytes(database.bytes),
    },
    { name: t('system.process.roles'), value: plain(formats.list(roles.map((role) => t(`system.process.role.${role}`)))) },
  ];
};
