import { apiLimits, type DriverCsvResults } from '@milepost/contract/api';
import { CallerError, OperationalError } from '../../kernel/index.ts';
import type { DriverLineOutcome, Registry } from '../../registry/index.ts';
import { type ReadDriverLine, readDriverHead, readDriverLine } from '../enrolment/driver-columns.ts';
import { type CsvLimits, readCsv } from '../enrolment/read-csv.ts';
import { httpLimits } from '../limits.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';

const csvLimits: CsvLimits = {
  rowsMax: apiLimits.driverCsvLinesMax,
  rowBytesMax: httpLimits.csvRowBytesMax,
  bytesPerSlice: httpLimits.csvBytesPerSlice,
};
const shownCharactersMax = 200;

type LineView = DriverCsvResults['lines'][number];

const lineView = (outcome: DriverLineOutcome, cells: ReadDriverLine['cells']): LineView => {
  const { problems, differs, ...rest } = outcome;
  const problemViews = problems.map(({ field, expected }) => {
    const cell = cells[field] ?? '';
    return { field, value: cell === '' ? null : cell.slice(0, shownCharactersMax), expected };
  });
  return {
    ...rest,
    ...(differs.length === 0 ? {} : { differs: [...differs] }),
    ...(problems.length === 0 ? {} : { problems: problemViews }),
  };
};

const importText = async ({ drivers }: Registry, text: string, isDryRun: boolean): Promise<DriverCsvResults> => {
  const [head, ...rows] = await readCsv(text, csvLimits);
  if (!head) throw new CallerError('bad_request', 'the file is empty', { field: 'body', expected: 'a head and a line a driver' });
  const names = readDriverHead(head.cells);
  const lines = rows.map((row) => readDriverLine(names, row));
  const outcomes = await drivers.importLines(
    lines.map(({ line }) => line),
    { isDryRun },
  );
  const count = (asked: DriverLineOutcome['outcome']): number => outcomes.filter(({ outcome }) => outcome === asked).length;
  return {
    isDryRun,
    made: count('made'),
    changed: count('changed'),
    found: count('found'),
    wrong: count('wrong'),
    lines: outcomes.map((outcome, i) => lineView(outcome, (lines[i] as ReadDriverLine).cells)),
  };
};

/** Drivers and who drives what, from a file. docs/drivers.md */
export const addDriverImportRoute = (routes: RouteRegistrar, { registry }: HttpDeps): void => {
  let filesUnderWay = 0;
  routes.add('importDrivers', async ({ body, query }) => {
    if (filesUnderWay >= httpLimits.csvFilesAtOnceMax)
      throw new OperationalError('overloaded', 'as many files as may are being read already', { retryAfterSeconds: 5 });
    filesUnderWay++;
    try {
      return await importText(registry, body, query.dryRun === 'true');
    } finally {
      filesUnderWay--;
    }
  });
};
