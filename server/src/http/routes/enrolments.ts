import { setImmediate as turn } from 'node:timers/promises';
import { apiLimits, type CsvEnrolmentResults, type RouteQuery } from '@milepost/contract/api';
import { CallerError, OperationalError } from '../../kernel/index.ts';
import type { EnrolLinesOptions, LineOutcome, Registry } from '../../registry/index.ts';
import { readHead, type ReadLine, readLine } from '../enrolment/columns.ts';
import { type CsvLimits, readCsv } from '../enrolment/read-csv.ts';
import { httpLimits } from '../limits.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { windowEnd } from './credentials.ts';
import { deviceFields } from './devices.ts';

const csvLimits: CsvLimits = {
  rowsMax: apiLimits.enrolmentCsvLinesMax,
  rowBytesMax: httpLimits.csvRowBytesMax,
  bytesPerSlice: httpLimits.csvBytesPerSlice,
};
const shownCharactersMax = 200;

type LineView = CsvEnrolmentResults['lines'][number];

const problemViews = ({ problems }: LineOutcome, cells: ReadLine['cells']): NonNullable<LineView['problems']> =>
  problems.map(({ field, expected }) => {
    const cell = cells[field] ?? '';
    return { field, value: cell === '' ? null : cell.slice(0, shownCharactersMax), expected };
  });

const lineView = (outcome: LineOutcome, cells: ReadLine['cells']): LineView => ({
  line: outcome.line,
  outcome: outcome.outcome,
  imei: outcome.imei,
  vehicleId: outcome.vehicleId,
  deviceId: outcome.deviceId,
  ...(outcome.secret === undefined ? {} : { secret: outcome.secret }),
  ...(outcome.windowUntilMs === undefined ? {} : { enrolmentWindowUntil: toIso(outcome.windowUntilMs) }),
  ...(outcome.differs.length === 0 ? {} : { differs: [...outcome.differs] }),
  ...(outcome.problems.length === 0 ? {} : { problems: problemViews(outcome, cells) }),
});

/** One for each, in slices: other requests have a turn between two of them. */
const mapInSlices = async <T, R>(items: readonly T[], make: (item: T, index: number) => R): Promise<R[]> => {
  const made: R[] = [];
  for (const [i, item] of items.entries()) {
    if (i % httpLimits.csvLinesPerSlice === 0) await turn();
    made.push(make(item, i));
  }
  return made;
};

const enrolText = async (registry: Registry, text: string, options: EnrolLinesOptions): Promise<CsvEnrolmentResults> => {
  const [head, ...rows] = await readCsv(text, csvLimits);
  if (!head) throw new CallerError('bad_request', 'the file is empty', { field: 'body', expected: 'a head and a line a device' });
  const names = readHead(head.cells);
  const lines = await mapInSlices(rows, (row) => readLine(names, row));
  const outcomes = await registry.enrolLines(
    lines.map(({ line }) => line),
    options,
  );
  const count = (asked: LineOutcome['outcome']): number => outcomes.filter(({ outcome }) => outcome === asked).length;
  return {
    isDryRun: options.isDryRun,
    made: count('made'),
    found: count('found'),
    wrong: count('wrong'),
    lines: await mapInSlices(outcomes, (outcome, i) => lineView(outcome, (lines[i] as ReadLine).cells)),
  };
};

const readOptions = (query: RouteQuery<'enrolCsv'>, nowMs: number): EnrolLinesOptions => {
  if (query.windowMinutes !== undefined && query.secrets !== 'window')
    throw new CallerError('invalid_field', 'windowMinutes is given without secrets=window', {
      field: 'windowMinutes',
      value: query.windowMinutes,
      expected: 'secrets=window beside it',
    });
  return {
    isDryRun: query.dryRun === 'true',
    isWithoutSecrets: query.secrets === 'none',
    ...(query.secrets === 'window' ? { windowUntilMs: windowEnd(nowMs, query.windowMinutes) } : {}),
  };
};

/** Many vehicles and devices at once. docs/enrolment.md */
export const addEnrolmentRoutes = (routes: RouteRegistrar, { registry, clock }: HttpDeps): void => {
  let filesUnderWay = 0;

  routes.add('enrol', async ({ body }) => {
    const rows = body.items.map((item) => ({ vehicle: item.vehicle, device: deviceFields(item.device) }));
    return { items: (await registry.enrol(rows)).map((row) => ({ ...row })) };
  });

  routes.add('enrolCsv', async ({ body, query }) => {
    if (filesUnderWay >= httpLimits.csvFilesAtOnceMax)
      throw new OperationalError('overloaded', 'as many files as may are being enrolled already', { retryAfterSeconds: 5 });
    filesUnderWay++;
    try {
      return await enrolText(registry, body, readOptions(query, clock.now()));
    } finally {
      filesUnderWay--;
    }
  });
};
