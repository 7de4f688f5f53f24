import { headingBetween, headingMetresMin, metresBetween } from './geometry.ts';
import { readCsv } from './read-csv.ts';

export interface TripRow {
  readonly socPercent: number;
  readonly speedKmh: number;
  readonly gear: string;
  readonly lat: number;
  readonly lon: number;
  readonly altitudeM: number;
  readonly ambientC: number;
  readonly humidityPercent: number;
}

/** A recorded trip; the place of a row is its second. */
export interface Trip {
  readonly name: string;
  readonly rows: readonly TripRow[];
  /** 1 where the position is a new one: the recording holds it between fixes. */
  readonly isFix: Uint8Array;
  /** Degrees; NaN before the second fix. */
  readonly headings: Float32Array;
  /** Way since the start, m, from the recorded speed. */
  readonly metres: Float64Array;
}

/** @param rows one a second */
export const makeTrip = (name: string, rows: readonly TripRow[]): Trip => {
  const isFix = new Uint8Array(rows.length);
  const headings = new Float32Array(rows.length);
  const metres = new Float64Array(rows.length);
  let heading = Number.NaN;
  let from = rows[0] as TripRow;
  for (const [i, row] of rows.entries()) {
    const previous = rows[i - 1];
    isFix[i] = !previous || row.lat !== previous.lat || row.lon !== previous.lon ? 1 : 0;
    if (metresBetween(from.lat, from.lon, row.lat, row.lon) >= headingMetresMin) {
      heading = headingBetween(from.lat, from.lon, row.lat, row.lon);
      from = row;
    }
    headings[i] = heading;
    metres[i] = (metres[i - 1] ?? 0) + row.speedKmh / 3.6;
  }
  return { name, rows, isFix, headings, metres };
};

/** The trips of `twizy-ev/telemetry.csv.gz` by name. */
export const readTrips = (folder: URL): ReadonlyMap<string, Trip> => {
  const rows = new Map<string, TripRow[]>();
  readCsv(new URL('twizy-ev/telemetry.csv.gz', folder), (cells) => {
    const [trip = '', , soc, speed, gear = 'N', lat, lon, altitude, ambient, humidity] = cells;
    const list = rows.get(trip) ?? [];
    if (list.length === 0) rows.set(trip, list);
    list.push({
      socPercent: Number(soc),
      speedKmh: Number(speed),
      gear,
      lat: Number(lat),
      lon: Number(lon),
      altitudeM: Number(altitude),
      ambientC: Number(ambient),
      humidityPercent: Number(humidity),
    });
  });
  return new Map([...rows].map(([name, list]) => [name, makeTrip(name, list)]));
};
