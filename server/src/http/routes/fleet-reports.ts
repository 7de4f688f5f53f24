import { type ReportFile, type ReportSchedule, type RouteResponse } from '@milepost/contract/api';
import type { FastifyReply } from 'fastify';
import type { FileRecord, ReportQuestion, ScheduleRecord } from '../../reports/index.ts';
import { reportCsv, reportFileName } from '../../reports/index.ts';
import { noteListRead } from '../access/list-reads.ts';
import { csvFile } from '../csv.ts';
import { wantsCsv } from '../history/read-query.ts';
import { streamSlices } from '../history/slices.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';

const scheduleView = (schedule: ScheduleRecord): ReportSchedule => {
  const { id, name, every, weekday, monthDay, hour, question } = schedule;
  const { by, timeZone, filters } = question;
  return {
    id,
    name,
    by,
    timeZone,
    // A custom period cannot be scheduled.
    period: question.period as ReportSchedule['period'],
    ...filters,
    every,
    weekday,
    monthDay,
    hour,
    nextRun: toIso(schedule.nextRunMs),
    lastRun: toIsoOrNull(schedule.lastRunMs),
    lastProblem: schedule.lastProblem,
  };
};

const fileView = (file: FileRecord): ReportFile => ({
  id: file.id,
  name: file.fileName,
  schedule: file.scheduleName,
  scheduleId: file.scheduleId,
  from: toIso(file.fromMs),
  to: toIso(file.toMs),
  madeAt: toIso(file.madeAtMs),
  rows: file.rows,
  bytes: file.bytes,
});

const addFileRoutes = (routes: RouteRegistrar, { reports }: HttpDeps): void => {
  routes.add('listReportFiles', async () => ({ items: (await reports.files()).map(fileView) }));

  routes.add('readReportFile', async ({ params, reply }): Promise<FastifyReply> => {
    const { file, stream, bytes } = await reports.openFile(params.id);
    return reply.headers({ ...csvFile(file.fileName), 'content-length': bytes }).send(stream);
  });

  routes.add('deleteReportFile', ({ params }) => reports.deleteFile(params.id));
};

export const addFleetReportRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  const { reports } = deps;

  routes.add('readFleetReport', async (call): Promise<RouteResponse<'readFleetReport'> | FastifyReply> => {
    const { query, scope, request, reply } = call;
    const { period = 'thisMonth', by = 'vehicle', timeZone = 'UTC', from, to, format, ...filters } = query;
    const question: ReportQuestion = { period, by, timeZone, from, to, filters };
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const note = await noteListRead(deps, call);
    const picked = (vehicleNos: readonly number[]): void => {
      for (const vehicleNo of vehicleNos) note(vehicleNo, ['driving', 'mileage', 'energy']);
    };
    const report = await reports.read(scope, question, { signal: gone.signal, picked });
    reply.header('vary', 'accept');
    if (!wantsCsv(format, request.headers.accept)) return report;
    const name = reportFileName(`fleet-by-${by}`, report.from.slice(0, 10), report.to.slice(0, 10));
    return reply.headers(csvFile(name)).send(streamSlices(reportCsv(report)));
  });

  routes.add('listReportSchedules', async () => ({ items: (await reports.schedules()).map(scheduleView) }));

  routes.add('createReportSchedule', async ({ body, reply }) => {
    const schedule = await reports.createSchedule(body);
    reply.header('location', `/v1/report-schedules/${schedule.id}`);
    return scheduleView(schedule);
  });

  routes.add('replaceReportSchedule', async ({ params, body }) => scheduleView(await reports.replaceSchedule(params.id, body)));

  routes.add('runReportSchedule', ({ params }) => reports.runSchedule(params.id));

  routes.add('deleteReportSchedule', ({ params }) => reports.deleteSchedule(params.id));

  addFileRoutes(routes, deps);
};
