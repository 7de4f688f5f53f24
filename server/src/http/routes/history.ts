import type { RouteResponse } from '@milepost/contract/api';
import type { FastifyReply } from 'fastify';
import { findVehicle } from '../find-vehicle.ts';
import { columnsOf } from '../history/columns.ts';
import { type HistoryRequest, readHistoryQuery, wantsCsv } from '../history/read-query.ts';
import { streamSlices } from '../history/slices.ts';
import { writeCsv } from '../history/write-csv.ts';
import { writeJson } from '../history/write-json.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';

/** CSV has no place for these: headers tell them. */
const csvHeaders = (completeTo: number, next: number | undefined): Record<string, string> => ({
  'content-type': 'text/csv; charset=utf-8',
  'content-disposition': 'attachment; filename="history.csv"',
  'milepost-complete-to': String(completeTo),
  ...(next === undefined ? {} : { 'milepost-next-from': String(next) }),
});

type History = RouteResponse<'readHistory'> | FastifyReply;

export const addHistoryRoutes = (routes: RouteRegistrar, { registry, history, vocabulary, clock }: HttpDeps): void => {
  routes.add('readHistory', async ({ params, query, scope, request, reply }): Promise<History> => {
    const vehicle = findVehicle(registry.directory, scope, params.id);
    const asked: HistoryRequest = readHistoryQuery(query, vocabulary(), clock.now());
    const { signals, stepMs, ...period } = asked;
    const numbers = signals.map((signal) => signal.number);
    const step = stepMs === undefined ? {} : { stepMs };
    const result = await history.query(scope, { vehicleNo: vehicle.vehicleNo, signals: numbers, ...period, ...step });
    const columns = columnsOf(signals, result);
    reply.header('vary', 'accept');
    if (wantsCsv(query.format, request.headers.accept)) {
      return reply.headers(csvHeaders(result.completeTo, result.nextFromMs)).send(streamSlices(writeCsv(result, columns)));
    }
    return reply.type('application/json').send(streamSlices(writeJson(result, columns, stepMs)));
  });
};
