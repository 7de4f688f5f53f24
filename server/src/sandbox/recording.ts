import { readFileSync } from 'node:fs';

/** One row of the recorded drive: what the car says of itself then. */
export interface DriveRow {
  /** Way since the start of the recording. */
  readonly metres: number;
  readonly socPercent: number;
  readonly speedKmh: number;
  /** Undefined: there was no new fix since the row before. */
  readonly place: { readonly lat: number; readonly lon: number; readonly altitudeM: number } | undefined;
}

const toRow = (line: string): DriveRow => {
  const [metres, socPercent, speedKmh, lat = '', lon, altitude] = line.split(',');
  const place = lat === '' ? undefined : { lat: Number(lat), lon: Number(lon), altitudeM: Number(altitude) };
  return { metres: Number(metres), socPercent: Number(socPercent), speedKmh: Number(speedKmh), place };
};

let rows: readonly DriveRow[] | undefined;

/** A drive and the way back, every ten seconds: recorded/SOURCE.md. Read when it is first asked for. */
export const recordedDrive = (): readonly DriveRow[] => {
  rows ??= readFileSync(new URL('recorded/drive.csv', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map(toRow);
  return rows;
};
