import Type, { type TSchema } from 'typebox';

/** Named limits of the API. docs/limits.md says what happens at each. */
export const apiLimits = {
  /** Items on one page when `limit` is not given, and at most. */
  pageSizeDefault: 50,
  pageSizeMax: 500,
  cursorCharactersMax: 512,
  searchCharactersMax: 200,
  nameCharactersMax: 200,
  emailCharactersMax: 254,
  passwordCharactersMax: 256,
  accessTokenDaysMax: 365,
  passkeysMax: 20,
  groupsMax: 50,
  /** Customers or groups whose vehicles are counted in one answer. */
  vehiclePartsMax: 2000,
  enrolmentsMax: 1000,
  /** A CSV file of devices to enrol. */
  enrolmentCsvLinesMax: 20_000,
  enrolmentCsvBytesMax: 8 * 1024 * 1024,
  /** Longest enrolment window, and one whose length is not given. */
  enrolmentWindowMinutesMax: 7 * 24 * 60,
  enrolmentWindowMinutesDefault: 60,
  /** IMEIs whose windows are opened by one request. */
  enrolmentWindowsMax: 10_000,
  /** A CSV file of drivers and who drives what. */
  driverCsvLinesMax: 5000,
  driverCsvBytesMax: 2 * 1024 * 1024,
  driverNumberCharactersMax: 64,
  /** Longest retention of a customer or a vehicle: a hundred years. The shortest is a day. */
  retentionDaysMax: 36_525,
  /** Signals in one history request. */
  historySignalsMax: 64,
  /** Rows in one answer of history; the rest follows from `next`. */
  historyRowsMax: 200_000,
  /** Rows × signals in one answer of history. */
  historyCellsMax: 2_000_000,
  historyStepSecondsMax: 31_622_400,
  /** Period of history when neither `from` nor `to` is given. */
  historyDefaultMs: 3_600_000,
  /** How far `to` reaches past now when it is not given: clocks of devices may be ahead so much. */
  historyAheadMs: 300_000,
  /** Unseen warnings are counted up to this. */
  unseenWarningsMax: 1000,
  /** Rows of one CSV of a list; the rest is a period away. */
  csvRowsMax: 100_000,
  /** Vehicles and days of one report, reports that are made by schedule, and files of them that are kept. */
  reportVehiclesMax: 20_000,
  reportDaysMax: 366,
  reportSchedulesMax: 100,
  reportFilesMax: 500,
  /** Longest period of one export. */
  exportPeriodMsMax: 10 * 366 * 86_400_000,
  /** A file that is imported. */
  importBytesMax: 512 * 1024 * 1024,
  importColumnsMax: 64,
  /** The mapping of its columns, as JSON in the address. */
  importMappingCharactersMax: 8192,
  /** Problems listed in the answer; further ones are counted. */
  importProblemsMax: 256,
} as const;

/** A value that may be null. Written as `anyOf`, as OpenAPI 3.1 has no `nullable`. */
export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** One of a closed list of words. */
export const oneOf = <const W extends readonly string[]>(words: W, options: { description?: string; default?: W[number] } = {}) =>
  Type.Unsafe<W[number]>(Type.String({ enum: [...words], ...options }));

/** A moment as answers show it: ISO 8601, UTC, milliseconds. */
export const isoTime = Type.String({ format: 'date-time', maxLength: 32, description: 'ISO 8601, UTC, with milliseconds' });

const timePattern = '^(-?\\d{1,15}|\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2}))?)$';

/** A moment in a query: ISO 8601 with a zone, a date (its start in UTC), or milliseconds since 1970. */
export const timeParameter = Type.String({
  pattern: timePattern,
  maxLength: 40,
  description: 'ISO 8601 with a zone, a date, or milliseconds since 1970',
});

/** A moment in a body: as in a query, or a number of milliseconds since 1970. */
export const timeField = Type.Union([timeParameter, Type.Integer({ minimum: 0, maximum: 9_000_000_000_000 })]);

export const opaqueId = Type.String({ minLength: 1, maxLength: 64, description: 'An opaque id' });

export const paging = {
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: apiLimits.cursorCharactersMax, description: '`next` of the page before' }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: apiLimits.pageSizeMax,
      default: apiLimits.pageSizeDefault,
      description: 'Items on the page, at most',
    }),
  ),
};

/** An object that allows no other property. */
export const closed = <P extends Record<string, TSchema>>(
  properties: P,
  options: { description?: string; minProperties?: number } = {},
) => Type.Object(properties, { additionalProperties: false, ...options });

/** A page of a list; `next` is null on the last. */
export const pageOf = <S extends TSchema>(item: S) =>
  closed({ items: Type.Array(item), next: nullable(Type.String({ description: 'Pass as `cursor` for the next page' })) });

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
