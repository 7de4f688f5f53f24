import Type, { type Static } from 'typebox';
import { connectionStatuses, silenceReasons, statusReasons } from '../status.ts';
import { apiLimits, closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging, timeParameter } from './shared.ts';
import { signalValue } from './vehicle.ts';

const period = {
  from: Type.Optional(Type.Union([timeParameter], { description: 'Start, inclusive' })),
  to: Type.Optional(Type.Union([timeParameter], { description: 'End, exclusive' })),
};

export const eraseQuery = closed({
  ...period,
  why: Type.Optional(Type.String({ maxLength: 500, description: 'Kept in the ledger; no personal data belongs here' })),
});
export const erasure = closed({
  id: opaqueId,
  from: isoTime,
  to: isoTime,
  requestedAt: isoTime,
  why: Type.String({ maxLength: 500 }),
});
export type ErasureView = Static<typeof erasure>;
export const erasures = closed({ items: Type.Array(erasure, { description: 'In the order in which they were asked for' }) });

export const historyQuery = closed({
  signals: Type.String({
    minLength: 1,
    maxLength: 8192,
    description: `Paths with commas, at most ${apiLimits.historySignalsMax}`,
  }),
  ...period,
  step: Type.Optional(
    Type.Number({
      minimum: 0.001,
      maximum: apiLimits.historyStepSecondsMax,
      description: 'Seconds; without it every sample is answered',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: apiLimits.historyRowsMax,
      default: apiLimits.historyRowsMax,
      description: 'Rows in the answer, at most',
    }),
  ),
  format: Type.Optional(oneOf(['json', 'csv'], { description: 'Or by the Accept header' })),
});

export const exportFormats = ['gpx', 'geojson', 'csv', 'parquet'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const exportQuery = closed({
  format: oneOf(exportFormats),
  signals: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 8192,
      description: `For csv and parquet: paths with commas, at most ${apiLimits.historySignalsMax}. Without it position, motion, mileage and energy`,
    }),
  ),
  ...period,
});

const milliseconds = Type.Integer({ minimum: -9_000_000_000_000, maximum: 9_000_000_000_000 });
const rowTimes = Type.Array(milliseconds, { description: 'ms since 1970' });
const envelope = {
  signals: Type.Array(Type.String(), { description: 'Paths, as asked' }),
  times: rowTimes,
  completeTo: Type.Union([milliseconds], { description: 'receivedAt (ms) up to which every acknowledged report is contained' }),
  next: nullable(Type.Union([milliseconds], { description: 'The answer was cut: go on with this as `from`' })),
};

export const history = closed({
  ...envelope,
  columns: Type.Record(Type.String(), Type.Array(nullable(signalValue)), { description: 'By path, one value or null a row' }),
});
export type HistoryView = Static<typeof history>;

const numbers = Type.Array(nullable(Type.Number()));
const counts = Type.Array(Type.Integer({ minimum: 0, maximum: 9_007_199_254_740_991 }));
export const stepColumn = closed({
  min: Type.Optional(numbers),
  max: Type.Optional(numbers),
  mean: Type.Optional(numbers),
  last: Type.Array(nullable(signalValue)),
  count: counts,
});
export type StepColumnView = Static<typeof stepColumn>;

/** With `step`: a row is the start of a step that holds a value. Only numbers have min, max and mean. */
export const stepHistory = closed({ ...envelope, stepMs: milliseconds, columns: Type.Record(Type.String(), stepColumn) });
export type StepHistoryView = Static<typeof stepHistory>;

/** What the route answers: with `step` the second. */
export const anyHistory = Type.Union([history, stepHistory]);

export const statusChange = closed({
  vehicleId: opaqueId,
  vin: Type.String(),
  plate: nullable(Type.String()),
  customer: Type.String(),
  at: isoTime,
  from: oneOf(connectionStatuses),
  to: oneOf(connectionStatuses),
  reason: oneOf(statusReasons),
});
export type StatusChangeView = Static<typeof statusChange>;
export const statusChangePage = pageOf(statusChange);

const statusFilters = {
  ...period,
  status: Type.Optional(oneOf(connectionStatuses, { description: 'Changes to this status' })),
  reason: Type.Optional(oneOf(silenceReasons, { description: 'Changes for this reason' })),
};
export const vehicleStatusQuery = closed({ ...statusFilters, ...paging });
/** The timeline of all vehicles, newest first. */
export const statusQuery = closed({
  q: Type.Optional(
    Type.String({ maxLength: apiLimits.searchCharactersMax, description: 'Text in VIN, plate, customer or model' }),
  ),
  vehicle: Type.Optional(opaqueId),
  customer: Type.Optional(Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax, description: 'Name or id' })),
  ...statusFilters,
  ...paging,
  format: Type.Optional(oneOf(['json', 'csv'], { description: 'Or by the Accept header. CSV holds all pages' })),
});

const sample = closed({
  time: isoTime,
  deviceTime: Type.Optional(Type.Union([isoTime], { description: 'What the device said, when its clock was ahead' })),
  signals: Type.Record(Type.String(), signalValue),
});

/** A report as it lies in the log: raw, before the sources were weighed. */
export const report = closed({
  kind: oneOf(['report', 'heartbeat', 'connection']),
  receivedAt: isoTime,
  deviceId: nullable(opaqueId),
  boot: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
  seq: Type.Optional(Type.Integer({ minimum: 0, maximum: 9_007_199_254_740_991 })),
  samples: Type.Array(sample),
  event: Type.Optional(Type.String({ description: 'For `connection`: opened, goodbye, closed, tokenExpired, revoked' })),
  bytes: Type.Integer({ minimum: 0, maximum: 2_097_152 }),
});
export type ReportView = Static<typeof report>;
export const reportPage = pageOf(report);
export const reportQuery = closed({ ...period, ...paging });
