import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExportFormat } from '@milepost/contract/api';
import type { FastifyReply } from 'fastify';
import type { HistoryResult } from '../../history/index.ts';
import { OperationalError } from '../../kernel/index.ts';
import type { LakeFile } from '../../lake/index.ts';
import { lakeColumns, lakePages } from '../export/lake-pages.ts';
import { afterFirst, historyPages } from '../export/pages.ts';
import { exportFileName, type ExportRequest, readExportQuery } from '../export/read-query.ts';
import { trackPoints } from '../export/track.ts';
import { writeCsvPages } from '../export/write-csv-pages.ts';
import { writeGeojson } from '../export/write-geojson.ts';
import { writeGpx } from '../export/write-gpx.ts';
import { findVehicle } from '../find-vehicle.ts';
import { httpLimits } from '../limits.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';

const contentTypes: Readonly<Record<ExportFormat, string>> = {
  gpx: 'application/gpx+xml',
  geojson: 'application/geo+json',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

type Pages = AsyncGenerator<HistoryResult>;

const pointPages = async function* (pages: Pages) {
  for await (const page of pages) yield trackPoints(page);
};

const textOf = (pages: Pages, { format, signals }: ExportRequest, name: string, gapMs: number): AsyncGenerator<string> => {
  if (format === 'csv') return writeCsvPages(pages, signals);
  return (format === 'gpx' ? writeGpx : writeGeojson)(pointPages(pages), name, gapMs);
};

/** A turn of the event loop between pieces; `pages` end when nobody reads on. */
const streamText = (pieces: AsyncIterable<string>, pages: Pages): Readable =>
  Readable.from(
    (async function* () {
      try {
        for await (const piece of pieces) {
          yield piece;
          await nextTurn();
        }
      } finally {
        await pages.return(undefined);
      }
    })(),
    { objectMode: false },
  );

/** Streams a file that is removed when it was read, or when nobody reads on. */
const streamFile = (file: LakeFile, { logger }: HttpDeps): Readable => {
  const stream = createReadStream(file.path);
  stream.once('close', () => {
    file.remove().catch((error: unknown) => logger.warn('the file of an export could not be removed', { error }));
  });
  return stream;
};

const bodyOf = async (
  deps: HttpDeps,
  pages: Pages,
  asked: ExportRequest,
  name: string,
  reply: FastifyReply,
): Promise<Readable> => {
  if (asked.format !== 'parquet') {
    const read = await afterFirst(pages);
    return streamText(textOf(read, asked, name, deps.config.lateAfterSeconds * 1000), read);
  }
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const file = await deps.lake.writeParquet(lakeColumns(asked.signals), lakePages(pages, asked.signals), gone.signal);
  reply.header('content-length', file.bytes);
  return streamFile(file, deps);
};

export const addExportRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  const { registry, history, vocabulary, clock } = deps;
  let underWay = 0;
  routes.add('exportHistory', async ({ params, query, scope, reply }): Promise<FastifyReply> => {
    const vehicle = findVehicle(registry.directory, scope, params.id);
    const asked = readExportQuery(query, vocabulary(), clock.now());
    if (underWay >= httpLimits.exportsAtOnceMax)
      throw new OperationalError('overloaded', 'other exports are under way', { retryAfterSeconds: 5 });
    underWay++;
    reply.raw.once('close', () => underWay--);
    const pages = historyPages(history, scope, { vehicleNo: vehicle.vehicleNo, ...asked });
    const body = await bodyOf(deps, pages, asked, vehicle.plate ?? vehicle.vin, reply);
    const name = exportFileName(vehicle, asked);
    return reply
      .headers({ 'content-type': contentTypes[asked.format], 'content-disposition': `attachment; filename="${name}"` })
      .send(body);
  });
};
