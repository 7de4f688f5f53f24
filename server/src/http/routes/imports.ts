import { apiLimits, type ImportMapping, importMapping, type ImportResult, type RouteQuery } from '@milepost/contract/api';
import type { ImportItem, ImportOutcome } from '../../ingest/index.ts';
import { csvItems, gpxItems, openImporter, readMapping } from '../../ingest/index.ts';
import { invalidField, OperationalError } from '../../kernel/index.ts';
import { findVehicle } from '../find-vehicle.ts';
import { httpLimits } from '../limits.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { readBody } from '../stream-bodies.ts';
import { toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { compileCheck } from '../validate.ts';

type Query = RouteQuery<'importSamples'>;

const checkMapping = compileCheck(importMapping, 'body');
const mappingExample =
  '{"time": {"columns": ["Time"], "format": "iso"}, "columns": [{"column": "Speed", "signal": "Vehicle.Speed"}]}';

const parseMapping = (text: string): ImportMapping => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalidField('mapping', text.slice(0, 200), `JSON like ${mappingExample}`);
  }
  const checked = checkMapping(parsed);
  if ('error' in checked) throw checked.error;
  return checked.value as ImportMapping;
};

const itemsOf = (
  type: string,
  { mapping }: Query,
  { vocabulary }: HttpDeps,
): ((chunks: AsyncIterable<Uint8Array>) => AsyncIterable<readonly ImportItem[]>) => {
  if (type !== 'text/csv') {
    if (mapping !== undefined) throw invalidField('mapping', mapping.slice(0, 200), 'none: GPX says itself what is what');
    return gpxItems;
  }
  if (mapping === undefined) throw invalidField('mapping', undefined, `which column is what, like ${mappingExample}`);
  const reading = readMapping(parseMapping(mapping), vocabulary());
  return (chunks) => csvItems(chunks, reading);
};

const resultOf = ({ fromMs, toMs, problems, reasons, ...outcome }: ImportOutcome, isDryRun: boolean): ImportResult => ({
  ...outcome,
  isDryRun,
  from: toIsoOrNull(fromMs),
  to: toIsoOrNull(toMs),
  reasons: { ...reasons },
  problems: [...problems],
});

/** What was recorded elsewhere. docs/import.md */
export const addImportRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  const { registry, clock, eventLog, vocabulary, retention, erasures, history } = deps;
  const importer = openImporter({ log: eventLog, vocabulary, retention, erasures, history, clock });
  const limits = { bytesMax: apiLimits.importBytesMax, stallMs: httpLimits.importStallMs };
  let underWay = 0;

  routes.add('importSamples', async ({ params, query, scope, request }) => {
    const { vehicleNo } = findVehicle(registry.directory, scope, params.id);
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    const read = itemsOf(type, query, deps);
    if (underWay >= httpLimits.importsAtOnceMax)
      throw new OperationalError('overloaded', 'as many files as may are being imported already', { retryAfterSeconds: 5 });
    const isDryRun = query.dryRun === 'true';
    const { server } = request.server;
    underWay++;
    // Asked for by the server at each of its looks: no other way to let one request take longer than others.
    server.requestTimeout = httpLimits.importTimeoutMs;
    try {
      const chunks = readBody(request.raw, limits, clock);
      return resultOf(await importer.run({ scope, vehicleNo, isDryRun }, read(chunks)), isDryRun);
    } finally {
      underWay--;
      if (underWay === 0) server.requestTimeout = httpLimits.requestTimeoutMs;
    }
  });
};
