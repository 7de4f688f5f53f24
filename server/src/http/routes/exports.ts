import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExportFormat } from '@milepost/contract/api';
import type { FastifyReply } from 'fastify';
import type { ReadScope } from '../../events/index.ts';
import type { DeviceFilter, HistoryResult } from '../../history/index.ts';
import { OperationalError } from '../../kernel/index.ts';
import type { LakeFile } from '../../lake/index.ts';
import type { Vehicle } from '../../registry/index.ts';
import { cutWhenStalled } from '../export/cut-stalled.ts';
import { lakeColumns, lakePages } from '../export/lake-pages.ts';
import { afterFirst, historyPages } from '../export/pages.ts';
import { exportFileName, type ExportRequest, readExportQuery } from '../export/read-query.ts';
import { type Track, trackPoints } from '../export/track.ts';
import { type TrackSource, trackSources } from '../export/track-devices.ts';
import { writeCsvPages } from '../export/write-csv-pages.ts';
import { writeGeojson } from '../export/write-geojson.ts';
import { writeGpx } from '../export/write-gpx.ts';
import { findHeldVehicle } from '../find-vehicle.ts';
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
type OpenPages = (devices?: DeviceFilter) => Pages;

const pointPages = async function* (pages: Pages) {
  for await (const page of pages) yield trackPoints(page);
};

/** One after the other: each is read through the whole period, which costs as much again for each further device. */
const tracksOf = async function* (first: Pages, open: OpenPages, sources: readonly TrackSource[]): AsyncGenerator<Track> {
  for (const [i, { name, devices }] of sources.entries()) {
    const pages = i === 0 ? first : open(devices);
    try {
      yield { source: name, pages: pointPages(pages) };
    } finally {
      await pages.return(undefined);
    }
  }
};

/** A turn of the event loop between pieces; whatever is read from ends when nobody reads on. */
const streamText = (pieces: AsyncIterable<string>, read: AsyncGenerator<unknown>): Readable =>
  Readable.from(
    (async function* () {
      try {
        for await (const piece of pieces) {
          yield piece;
          await nextTurn();
        }
      } finally {
        await read.return(undefined);
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

interface Export {
  readonly vehicle: Vehicle;
  readonly scope: ReadScope;
  readonly asked: ExportRequest;
}

const openTracks = async (deps: HttpDeps, { vehicle, asked }: Export, open: OpenPages): Promise<Readable> => {
  const sources = trackSources(deps.registry.directory, vehicle.vehicleNo, asked);
  const first = await afterFirst(open(sources[0]?.devices));
  const tracks = tracksOf(first, open, sources);
  const write = asked.format === 'gpx' ? writeGpx : writeGeojson;
  return streamText(write(tracks, vehicle.plate ?? vehicle.vin, deps.config.lateAfterSeconds * 1000), tracks);
};

const bodyOf = async (deps: HttpDeps, wanted: Export, reply: FastifyReply): Promise<Readable> => {
  const { vehicle, scope, asked } = wanted;
  const open: OpenPages = (devices) => historyPages(deps.history, scope, { ...asked, vehicleNo: vehicle.vehicleNo, devices });
  if (asked.format === 'csv') {
    const pages = await afterFirst(open());
    return streamText(writeCsvPages(pages, asked.signals), pages);
  }
  if (asked.format !== 'parquet') return openTracks(deps, wanted, open);
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const file = await deps.lake.writeParquet(lakeColumns(asked.signals), lakePages(open(), asked.signals), gone.signal);
  reply.header('content-length', file.bytes);
  return streamFile(file, deps);
};

export const addExportRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  const { registry, vocabulary, clock } = deps;
  let underWay = 0;
  routes.add('exportHistory', async ({ params, query, scope, reply }): Promise<FastifyReply> => {
    const vehicle = findHeldVehicle(registry.directory, scope, params.id);
    const asked = readExportQuery(query, vocabulary(), clock.now());
    if (underWay >= httpLimits.exportsAtOnceMax)
      throw new OperationalError('overloaded', 'other exports are under way', { retryAfterSeconds: 5 });
    underWay++;
    reply.raw.once('close', () => underWay--);
    cutWhenStalled(reply.raw, clock, httpLimits.exportStallMs);
    const body = await bodyOf(deps, { vehicle, scope, asked }, reply);
    const name = exportFileName(vehicle, asked);
    return reply
      .headers({ 'content-type': contentTypes[asked.format], 'content-disposition': `attachment; filename="${name}"` })
      .send(body);
  });
};
