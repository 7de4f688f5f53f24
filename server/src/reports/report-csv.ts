import type { FleetReport, ReportFigures, ReportRow } from '@milepost/contract/api';
import { csvLine, type CsvValue } from '../kernel/index.ts';

const columns: readonly (readonly [name: string, of: (figures: ReportFigures) => CsvValue])[] = [
  ['vehicles', ({ vehicles }) => vehicles],
  ['vehiclesKnown', ({ vehiclesKnown }) => vehiclesKnown],
  ['distanceKm', ({ distanceKm }) => distanceKm],
  ['averageDayKm', ({ averageDayKm }) => averageDayKm],
  ['trips', ({ trips }) => trips],
  ['drivingSeconds', ({ drivingSeconds }) => drivingSeconds],
  ['idleSeconds', ({ idleSeconds }) => idleSeconds],
  ['topSpeedKmh', ({ topSpeedKmh }) => topSpeedKmh],
  ['energyKwh', ({ energyKwh }) => energyKwh],
  ['energySource', ({ energySource }) => energySource],
  ['energyShare', ({ energyShare }) => energyShare],
  ['kwhPer100Km', ({ kwhPer100Km }) => kwhPer100Km],
  ['charging', ({ charging }) => charging],
  ['chargedKwh', ({ chargedKwh }) => chargedKwh],
  ['harshBraking', ({ harshEvents }) => harshEvents?.braking ?? null],
  ['harshAcceleration', ({ harshEvents }) => harshEvents?.acceleration ?? null],
  ['harshCornering', ({ harshEvents }) => harshEvents?.cornering ?? null],
  ['warnings', ({ warnings }) => warnings],
];
/** Rows that are written between two turns of the event loop. */
const rowsPerSlice = 500;

/** A head, a line for each row, and one of kind `total`. Every line says its period, so that files can be put below each other. */
export const reportCsv = function* (report: FleetReport): Iterable<string> {
  const { by, from, to, timeZone, rows, total } = report;
  const line = (kind: 'row' | 'total', who: Pick<ReportRow, 'id' | 'name' | 'customer'>, figures: ReportFigures): string =>
    csvLine([kind, who.name, who.id, who.customer, from, to, timeZone, ...columns.map(([, of]) => of(figures))]);
  let slice = csvLine(['kind', by, 'id', 'customer', 'from', 'to', 'timeZone', ...columns.map(([name]) => name)]);
  for (const [n, row] of rows.entries()) {
    slice += line('row', row, row);
    if ((n + 1) % rowsPerSlice !== 0) continue;
    yield slice;
    slice = '';
  }
  yield slice + line('total', { id: null, name: null, customer: null }, total);
};

const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60);

/** `fleet-by-customer_2026-11-09_2026-11-15.csv`: letters, digits and dashes that every file system takes; days of the report. */
export const reportFileName = (name: string, firstDay: string, lastDay: string): string =>
  `${slug(name) || 'report'}_${firstDay}_${lastDay}.csv`;
