import Type, { type Static } from 'typebox';
import { rejectionReasons } from '../signals/index.ts';
import { byId, operator } from './route.ts';
import { apiLimits, closed, isoTime, nullable, oneOf } from './shared.ts';

/** Types of files that are imported, by the Content-Type of the body. */
export const importTypes = ['application/gpx+xml', 'text/csv'] as const;
export type ImportType = (typeof importTypes)[number];

/** Why something of a file was not stored: what devices are told, and what only files can be wrong in. Closed. */
export const importReasons = [
  ...rejectionReasons,
  /** It lies in a period that was erased. */
  'erased',
  /** A point or line without a time. */
  'no_time',
  /** A waypoint or a route: a place or a plan, not where the vehicle was. */
  'not_a_track',
  /** A line with another number of cells than the head. */
  'wrong_cells',
  /** The file, or a line of it, has nothing that could be stored. */
  'nothing_to_import',
  /** From here on the file cannot be read. */
  'unreadable',
] as const;
export type ImportReason = (typeof importReasons)[number];

const columnName = Type.String({
  minLength: 1,
  maxLength: apiLimits.nameCharactersMax,
  description: 'As in the head of the file',
});

const timeMapping = closed({
  columns: Type.Array(columnName, { minItems: 1, maxItems: 2, description: 'Two: a date and a time of day, joined by a space' }),
  format: Type.String({
    minLength: 1,
    maxLength: 64,
    description:
      '`iso`, `epochSeconds`, `epochMilliseconds`, or a pattern of yyyy yy MM M dd d HH H hh h mm ss SSS a, like `dd.MM.yyyy HH:mm:ss`',
  }),
  zone: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'IANA name of the time zone of times that name none; UTC without it',
    }),
  ),
});

const columnMapping = closed({
  column: columnName,
  signal: Type.String({ minLength: 1, maxLength: 200, description: 'Path of `/v1/signals`' }),
  unit: Type.Optional(
    Type.String({ minLength: 1, maxLength: 16, description: 'Of the numbers in the file; that of the signal without it' }),
  ),
});

/** Which column of a CSV file is what. */
export const importMapping = closed({
  time: timeMapping,
  columns: Type.Array(columnMapping, { minItems: 1, maxItems: apiLimits.importColumnsMax }),
  decimal: Type.Optional(oneOf(['point', 'comma'], { description: 'What divides the decimals; a point without it' })),
});
export type ImportMapping = Static<typeof importMapping>;

export const importQuery = closed({
  dryRun: Type.Optional(oneOf(['true', 'false'], { description: 'true: says what would become of it, stores nothing' })),
  mapping: Type.Optional(
    Type.String({
      minLength: 2,
      maxLength: apiLimits.importMappingCharactersMax,
      description:
        'Of a CSV file, as JSON: `{"time": {"columns": ["Time"], "format": "iso"}, "columns": [{"column": "Speed (mph)", "signal": "Vehicle.Speed", "unit": "mph"}]}`. docs/import.md',
    }),
  ),
});
export type ImportQuery = Static<typeof importQuery>;

const count = (description: string) => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });

const importProblem = closed({
  line: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Of the file; the first is 1' }),
  column: Type.Optional(Type.String({ description: 'Column of a CSV file, element or attribute of a GPX file' })),
  value: Type.Optional(Type.String({ description: 'As the file has it, cut when it is long' })),
  reason: oneOf(importReasons),
  expected: Type.String({ description: 'English; a translation goes by the reason' }),
});
export type ImportProblem = Static<typeof importProblem>;

/** What became of a file; what was stored is on disk by then. */
export const importResult = closed({
  isDryRun: Type.Boolean(),
  isWhole: Type.Boolean({ description: 'false: it could not be read to its end' }),
  samples: count('Points or lines that were read'),
  stored: count('Samples of which at least one value was stored, or would be'),
  unchanged: count('Samples of which everything was there already'),
  refused: count('Samples of which nothing was stored'),
  values: count('Values that were stored, or would be'),
  from: nullable(isoTime),
  to: nullable(isoTime),
  reasons: Type.Record(Type.String(), count('How often'), { description: 'How often each reason was given' }),
  problems: Type.Array(importProblem, { maxItems: apiLimits.importProblemsMax }),
  problemsMore: count('Problems that are not listed'),
});
export type ImportResult = Static<typeof importResult>;

export const importRoutes = {
  importSamples: operator({
    method: 'POST',
    path: '/v1/vehicles/{id}/import',
    summary: 'Import what was recorded elsewhere, from GPX or CSV',
    description:
      'Good samples are stored even when others are refused; the same file again changes nothing. Who imports is no device: the connection status stays. docs/import.md',
    tag: 'history',
    params: byId,
    query: importQuery,
    bodyStream: { types: importTypes, bytesMax: apiLimits.importBytesMax },
    status: 200,
    response: importResult,
  }),
} as const;
