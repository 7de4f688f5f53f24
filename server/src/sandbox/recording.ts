import { readFileSync } from 'node:fs';

/** One row of the recorded drive: what the car says of itself then. */
export interface DriveRow {
  /** Way since the start of the recording. */
  readonly metres: number;
  readonly socPercent: number;
  readonly speedKmh: number;
  /** The last fix, as a tracker has it until the next one. */
  readonly place: Place;
}

interface Place {
  readonly lat: number;
  readonly lon: number;
  readonly altitudeM: number;
}

const readRows = (lines: readonly string[]): DriveRow[] => {
  let place: Place = { lat: 0, lon: 0, altitudeM: 0 };
  return lines.map((line) => {
    const [metres, socPercent, speedKmh, lat = '', lon, altitude] = line.split(',');
    if (lat !== '') place = { lat: Number(lat), lon: Number(lon), altitudeM: Number(altitude) };
    return { metres: Number(metres), socPercent: Number(socPercent), speedKmh: Number(speedKmh), place };
  });
};

let rows: readonly DriveRow[] | undefined;

/** A drive and the way back, every ten seconds: recorded/SOURCE.md. Read when it is first asked for. */
export const recordedDrive = (): readonly DriveRow[] => {
  rows ??= readRows(
    readFileSync(new URL('recorded/drive.csv', import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .slice(1),
  );
  return rows;
};
