import Type, { type Static } from 'typebox';
import { operator, staff } from './route.ts';
import { part } from './server.ts';
import { closed, isoTime, nullable, oneOf } from './shared.ts';

/** Read models that can be made anew from the log, by `npm run rebuild` and here. */
export const rebuiltModelNames = ['history', 'live'] as const;
export type RebuiltModelName = (typeof rebuiltModelNames)[number];

/** When a model that was built is put in the place of the one that is used. */
export const rebuildSwaps = ['when-equal', 'always', 'never'] as const;
export type RebuildSwap = (typeof rebuildSwaps)[number];

/** What a rebuild does, in its order; `starting` until its process has asked where the log ends. */
export const rebuildPhases = [
  'starting',
  'taking over',
  'reading the log',
  'comparing',
  'merging',
  'catching up',
  'putting in place',
] as const;
export type RebuildPhase = (typeof rebuildPhases)[number];

export const rebuildOutcomes = ['put_in_place', 'not_put_in_place', 'cancelled', 'failed'] as const;
export type RebuildOutcome = (typeof rebuildOutcomes)[number];

/** Of what has no bound of its own: what a number of JSON holds exactly. */
const maximum = Number.MAX_SAFE_INTEGER;
const count = Type.Integer({ minimum: 0, maximum });
const bytes = Type.Integer({ minimum: 0, maximum, description: 'Bytes' });
const ms = Type.Number({ minimum: 0 });

const compared = closed({
  kind: Type.String({ description: 'What was compared, plural' }),
  compared: count,
  differences: count,
  first: Type.Array(Type.String(), { description: 'The first differences, a line each' }),
});
export type ComparedView = Static<typeof compared>;

const progress = closed({
  phase: oneOf(rebuildPhases),
  percent: Type.Number({ minimum: 0, maximum: 100, description: 'Of the phase' }),
  records: Type.Integer({ minimum: 0, maximum, description: 'Of the log, read so far' }),
  recordsPerSecond: Type.Number({ minimum: 0 }),
  secondsLeft: nullable(Type.Number({ minimum: 0, description: 'Of the phase; null: not known' })),
});

export const rebuild = closed({
  model: oneOf(rebuiltModelNames),
  startedAt: isoTime,
  endedAt: nullable(isoTime),
  isByCommand: Type.Boolean({ description: 'Begun by `npm run rebuild`, not over this API' }),
  isCancelling: Type.Boolean(),
  progress: nullable(progress),
  compared: nullable(Type.Array(compared, { description: 'null: not compared (yet)' })),
  differences: nullable(Type.Integer({ minimum: 0, maximum, description: 'The sum of them' })),
  outcome: nullable(oneOf(rebuildOutcomes, { description: 'null: it goes on' })),
  detail: nullable(Type.String({ description: 'Why it failed' })),
  oldFolder: nullable(Type.String({ description: 'Where the model lies that was replaced; removed after a week' })),
});
export type RebuildView = Static<typeof rebuild>;

export const newRebuild = closed({
  model: oneOf(rebuiltModelNames),
  swap: Type.Optional(oneOf(rebuildSwaps, { default: 'when-equal', description: 'When the new one is put in place' })),
});
export type NewRebuild = Static<typeof newRebuild>;

const position = closed({
  partition: count,
  offset: Type.Integer({ minimum: 0, maximum, description: 'Everything before it is applied' }),
  storedOffset: nullable(
    Type.Integer({
      minimum: 0,
      maximum,
      description: 'Everything before it is on disk too; null: nothing is stored for each partition',
    }),
  ),
  endOffset: Type.Integer({ minimum: 0, maximum, description: 'Where the log ends, as far as this process knows' }),
});

const readModel = closed({
  name: Type.String(),
  positions: Type.Array(position, { description: 'Of the partitions that this process follows' }),
  lagMs: Type.Number({ minimum: 0, description: 'By which it is behind the log; 0: everything is applied' }),
  isCaughtUp: Type.Boolean({ description: 'It has been at the end of the log since the start' }),
  canBeRebuilt: Type.Boolean(),
});
export type ReadModelView = Static<typeof readModel>;

const log = closed({
  isRefusing: nullable(Type.String({ description: 'Why nothing is taken; null: reports are taken' })),
  offsetsCount: oneOf(['bytes', 'records'], { description: 'What offsets of this log count' }),
  segments: count,
  bytes,
  oldestReceivedAt: nullable(isoTime),
  newestReceivedAt: nullable(isoTime),
  retentionDays: Type.Number({ minimum: 0 }),
  retentionBytes: nullable(bytes),
  appendedRecords: Type.Integer({ minimum: 0, maximum, description: 'Since the start' }),
  pendingRecords: count,
});

const history = closed({
  memtableBytes: bytes,
  memtableReports: count,
  sealAfterSeconds: Type.Number({ minimum: 0, description: 'What is in memory is written after this, or sooner' }),
  storedBytes: bytes,
  storedChunks: count,
  storedRows: count,
  retentionDays: Type.Number({ minimum: 0, description: 'Where neither customer nor vehicle has a rule' }),
  flushes: Type.Integer({ minimum: 0, maximum, description: 'Since the start, as what follows' }),
  flushFailures: count,
  lastFlushAt: nullable(isoTime),
  lastFlushMs: ms,
  sealedTables: Type.Integer({ minimum: 0, maximum, description: 'That wait for their flush' }),
  merges: count,
  mergeBytesBefore: bytes,
  mergeBytesAfter: bytes,
  conflicts: count,
  keyframes: count,
  lastKeyframeMs: ms,
});

const live = closed({ vehicles: count, values: count, bytes });

const trips = closed({
  daysDue: Type.Integer({ minimum: 0, maximum, description: 'Days of vehicles that wait to be derived' }),
  daysMarked: Type.Integer({ minimum: 0, maximum, description: 'Those that will be, the running ones too' }),
  oldestDueAt: nullable(isoTime),
  derived: Type.Integer({ minimum: 0, maximum, description: 'Since the start, as what follows' }),
  derivedMs: ms,
  failed: count,
});

const ingest = closed({
  reports: Type.Integer({ minimum: 0, maximum, description: 'Since the start, as what follows' }),
  samples: count,
  values: count,
  heartbeats: count,
  rejected: count,
  deviceConnections: Type.Integer({ minimum: 0, maximum, description: 'Open now' }),
  throttles: count,
});

/** What the data folder is divided into. */
export const dataFolderParts = ['journal', 'history', 'live', 'postgres', 'exports', 'replaced', 'other'] as const;
export type DataFolderPart = (typeof dataFolderParts)[number];

const disk = closed({
  freeBytes: bytes,
  totalBytes: bytes,
  reserveBytes: Type.Integer({ minimum: 0, maximum, description: 'With less than that free the log takes nothing' }),
  measuredAt: isoTime,
  folderBytes: Type.Integer({ minimum: 0, maximum, description: 'Of the data folder of this process' }),
  parts: Type.Array(closed({ name: oneOf(dataFolderParts), bytes })),
  bytesPerDay: nullable(Type.Number({ description: 'By which the data folder grows; null: not measured for long enough' })),
  measuredForMs: Type.Number({ minimum: 0, description: 'Of the growth' }),
  daysLeft: nullable(
    Type.Number({ minimum: 0, description: 'Until the reserve is reached; null: not known, or it does not grow' }),
  ),
});

const database = closed({
  isEmbedded: Type.Boolean(),
  bytes: nullable(Type.Integer({ minimum: 0, maximum, description: 'null: it does not answer' })),
});

export const system = closed({
  version: Type.String(),
  serverTime: isoTime,
  startedAt: isoTime,
  isCluster: Type.Boolean({ description: 'Figures are of the process that answers' }),
  node: nullable(Type.String({ description: 'Of a cluster: which process answers' })),
  roles: Type.Array(Type.String()),
  memoryBytes: bytes,
  parts: Type.Array(part),
  readModels: Type.Array(readModel),
  rebuild: nullable(rebuild),
  log,
  live: nullable(live),
  history: nullable(history),
  trips: nullable(trips),
  ingest: nullable(ingest),
  disk,
  database,
  deadLetters: closed({ count, unwritten: count }),
  unknownVehicles: count,
  clockSteps: count,
});
export type SystemView = Static<typeof system>;

export const systemRoutes = {
  readSystem: staff({
    method: 'GET',
    path: '/v1/system',
    summary: 'Read how the server stands',
    description: 'Read models, log, history, disk. In a cluster it is what the process knows that answers.',
    tag: 'server',
    status: 200,
    response: system,
  }),
  startRebuild: operator({
    method: 'POST',
    path: '/v1/system/rebuild',
    summary: 'Rebuild a read model from the log',
    description:
      'As `npm run rebuild`, in a process of its own: docs/operating.md. `in_use` while another rebuild or a backup goes on; `unavailable` in a cluster.',
    tag: 'server',
    body: newRebuild,
    status: 201,
    response: rebuild,
  }),
  cancelRebuild: operator({
    method: 'DELETE',
    path: '/v1/system/rebuild',
    summary: 'Cancel the rebuild that goes on',
    description: 'Nothing of it is left, and the model that is used stays. `in_use` while the new one is just put in place.',
    tag: 'server',
    status: 204,
  }),
} as const;
