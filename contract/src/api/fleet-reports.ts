import Type, { type Static } from 'typebox';
import { byId, operator, reader } from './route.ts';
import { apiLimits, closed, isoTime, nullable, oneOf, opaqueId } from './shared.ts';
import { figureSources } from './trips.ts';

/** A period by its word, in the time zone of the report; weeks begin on Monday. */
export const reportPeriods = ['today', 'yesterday', 'thisWeek', 'lastWeek', 'thisMonth', 'lastMonth', 'custom'] as const;
export type ReportPeriod = (typeof reportPeriods)[number];
export const reportGroupings = ['vehicle', 'customer', 'group', 'driver', 'day'] as const;
export type ReportGrouping = (typeof reportGroupings)[number];

const day = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}$',
  maxLength: 10,
  description: 'A day in the time zone of the report',
});
const nameOrId = Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax, description: 'Name or id' });
const timeZone = Type.String({ minLength: 1, maxLength: 64, description: 'IANA name, as Europe/Madrid. Days begin by it' });
const count = Type.Integer({ minimum: 0, maximum: 2_147_483_647 });
const figure = (maximum: number) => nullable(Type.Number({ minimum: 0, maximum }));

/** Which vehicles, and whose trips. */
const filters = {
  customer: Type.Optional(nameOrId),
  group: Type.Optional(Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax })),
  vehicle: Type.Optional(opaqueId),
  driver: Type.Optional(Type.Union([opaqueId], { description: 'Only what this driver drove: nothing is told of charging then' })),
};
export type ReportFilters = Static<ReturnType<typeof closed<typeof filters>>>;

export const fleetReportQuery = closed({
  period: Type.Optional(oneOf(reportPeriods, { default: 'thisMonth', description: 'custom: with `from` and `to`' })),
  from: Type.Optional(day),
  to: Type.Optional(Type.Union([day], { description: 'The last day, inclusive' })),
  timeZone: Type.Optional(timeZone),
  by: Type.Optional(oneOf(reportGroupings, { default: 'vehicle', description: 'What a row is of' })),
  ...filters,
  format: Type.Optional(oneOf(['json', 'csv'], { description: 'Or by the Accept header' })),
});
export type FleetReportQuery = Static<typeof fleetReportQuery>;

/** null, here and below: not known, or not told of what is asked. */
export const reportFigures = closed({
  vehicles: count,
  vehiclesKnown: Type.Union([count], { description: 'Of which something is known in the period' }),
  distanceKm: figure(1e12),
  averageDayKm: Type.Union([figure(1e9)], { description: 'By vehicle of which something is known (by driver: in all) and day' }),
  trips: nullable(count),
  drivingSeconds: figure(1e13),
  idleSeconds: figure(1e13),
  topSpeedKmh: figure(450),
  energyKwh: nullable(Type.Number({ minimum: -1e12, maximum: 1e12 })),
  energySource: nullable(oneOf(figureSources)),
  energyShare: Type.Union([figure(1)], { description: 'Share of the distance of which the energy is known' }),
  kwhPer100Km: Type.Union([figure(10_000)], { description: 'Over what both are known of' }),
  charging: nullable(count),
  chargedKwh: figure(1e12),
  harshEvents: nullable(closed({ braking: count, acceleration: count, cornering: count })),
  warnings: Type.Union([count], { description: 'Raised in the period, mere information left out' }),
});
export type ReportFigures = Static<typeof reportFigures>;

export const reportRow = closed({
  id: Type.Union([nullable(opaqueId)], { description: 'Of the vehicle, customer or driver' }),
  name: Type.Union([nullable(Type.String())], { description: 'Plate or VIN, name, or day; null: in no group, by no driver' }),
  customer: nullable(Type.String()),
  ...reportFigures.properties,
});
export type ReportRow = Static<typeof reportRow>;

export const fleetReport = closed({
  by: oneOf(reportGroupings),
  period: oneOf(reportPeriods),
  timeZone: Type.String(),
  from: isoTime,
  to: Type.Union([isoTime], { description: 'Exclusive' }),
  days: Type.Union([count], { description: 'That have begun: averages are over these' }),
  madeAt: isoTime,
  completeTo: Type.Union([nullable(isoTime)], { description: 'Every report acknowledged before is contained' }),
  rows: Type.Array(reportRow),
  total: reportFigures,
});
export type FleetReport = Static<typeof fleetReport>;

const schedulePeriods = ['today', 'yesterday', 'thisWeek', 'lastWeek', 'thisMonth', 'lastMonth'] as const;
export const reportEvery = ['daily', 'weekly', 'monthly'] as const;
export type ReportEvery = (typeof reportEvery)[number];

const scheduleFields = {
  name: Type.String({ minLength: 1, maxLength: 100 }),
  period: oneOf(schedulePeriods),
  by: oneOf(reportGroupings),
  timeZone,
  ...filters,
  every: oneOf(reportEvery),
  weekday: Type.Optional(Type.Integer({ minimum: 1, maximum: 7, default: 1, description: 'Weekly: 1 Monday … 7 Sunday' })),
  monthDay: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 31, default: 1, description: 'Monthly; of a shorter month its last day' }),
  ),
  hour: Type.Integer({ minimum: 0, maximum: 23, description: 'Of the day in the time zone' }),
};
export const newReportSchedule = closed(scheduleFields);
export type NewReportSchedule = Static<typeof newReportSchedule>;
export const reportSchedule = closed({
  id: opaqueId,
  ...scheduleFields,
  nextRun: isoTime,
  lastRun: nullable(isoTime),
  lastProblem: Type.Union([nullable(Type.String())], { description: 'Why the last run made no file' }),
});
export type ReportSchedule = Static<typeof reportSchedule>;

export const reportFile = closed({
  id: opaqueId,
  name: Type.String({ description: 'File name' }),
  schedule: Type.String({ description: 'Name of the schedule' }),
  scheduleId: Type.Union([nullable(opaqueId)], { description: 'null: it was removed' }),
  from: isoTime,
  to: isoTime,
  madeAt: isoTime,
  rows: count,
  bytes: count,
});
export type ReportFile = Static<typeof reportFile>;

const tag = 'reports' as const;
export const reportRoutes = {
  readFleetReport: reader({
    method: 'GET',
    path: '/v1/fleet-reports',
    summary: 'Report mileage, trips, energy and warnings of a period',
    description: `At most ${apiLimits.reportVehiclesMax} vehicles and ${apiLimits.reportDaysMax} days. docs/reports.md`,
    tag,
    query: fleetReportQuery,
    status: 200,
    response: fleetReport,
    hasCsv: true,
  }),
  listReportSchedules: operator({
    method: 'GET',
    path: '/v1/report-schedules',
    summary: 'List reports that are made by schedule',
    tag,
    status: 200,
    response: closed({ items: Type.Array(reportSchedule) }),
  }),
  createReportSchedule: operator({
    method: 'POST',
    path: '/v1/report-schedules',
    summary: 'Let a report be made by schedule',
    tag,
    body: newReportSchedule,
    status: 201,
    response: reportSchedule,
  }),
  replaceReportSchedule: operator({
    method: 'PUT',
    path: '/v1/report-schedules/{id}',
    summary: 'Change a report that is made by schedule',
    tag,
    params: byId,
    body: newReportSchedule,
    status: 200,
    response: reportSchedule,
  }),
  runReportSchedule: operator({
    method: 'POST',
    path: '/v1/report-schedules/{id}/run',
    summary: 'Make a scheduled report now as well',
    tag,
    params: byId,
    status: 204,
  }),
  deleteReportSchedule: operator({
    method: 'DELETE',
    path: '/v1/report-schedules/{id}',
    summary: 'Remove a schedule; its files stay',
    tag,
    params: byId,
    status: 204,
  }),
  listReportFiles: operator({
    method: 'GET',
    path: '/v1/report-files',
    summary: 'List files of scheduled reports, newest first',
    tag,
    status: 200,
    response: closed({ items: Type.Array(reportFile) }),
  }),
  readReportFile: operator({
    method: 'GET',
    path: '/v1/report-files/{id}',
    summary: 'Download a file',
    tag,
    params: byId,
    status: 200,
    files: ['text/csv'],
  }),
  deleteReportFile: operator({
    method: 'DELETE',
    path: '/v1/report-files/{id}',
    summary: 'Remove a file',
    tag,
    params: byId,
    status: 204,
  }),
} as const;
