import { metresBetween } from './geometry.ts';
import { makeTrip, type Trip, type TripRow } from './twizy-recording.ts';

export interface Place {
  readonly lat: number;
  readonly lon: number;
}

/** A recorded way between two places. Its positions are moved a little towards its ends, so that who drives it stands where it stood before. */
export interface Route {
  readonly trip: Trip;
  readonly from: Place;
  readonly to: Place;
}

/** Both ends of a way are moved by up to 200 m, within so many metres of the way. */
const fadeMetres = 600;

/** Where the recorded way begins and ends: the campus in Sala al Jadida, and a place in Rabat, 12 km away. */
export const home: Place = { lat: 33.98615, lon: -6.72496 };
export const town: Place = { lat: 33.9538, lon: -6.85155 };

const placeOf = ({ lat, lon }: TripRow): Place => ({ lat, lon });
const firstRow = ({ rows }: Trip): TripRow => rows[0] as TripRow;
const lastRow = ({ rows }: Trip): TripRow => rows.at(-1) as TripRow;

/** Position on a route at a row of its trip. */
export const positionOn = ({ trip, from, to }: Route, i: number): Place => {
  const row = trip.rows[i] as TripRow;
  const metres = trip.metres[i] as number;
  const whole = trip.metres.at(-1) as number;
  const [atStart, atEnd] = [Math.max(0, 1 - metres / fadeMetres), Math.max(0, 1 - (whole - metres) / fadeMetres)];
  const [first, last] = [firstRow(trip), lastRow(trip)];
  return {
    lat: row.lat + (from.lat - first.lat) * atStart + (to.lat - last.lat) * atEnd,
    lon: row.lon + (from.lon - first.lon) * atStart + (to.lon - last.lon) * atEnd,
  };
};

const findTrip = (trips: ReadonlyMap<string, Trip>, name: string): Trip => {
  const trip = trips.get(name);
  if (!trip) throw new Error(`the recording has no trip ${name}`);
  return trip;
};

/** The second tour ends 1 km before the campus, where the first one passed by: it goes home as that one did. */
const closeTour = (tour: Trip, other: Trip): Trip => {
  const end = lastRow(tour);
  let nearest = other.rows.length - 1;
  let metres = Number.POSITIVE_INFINITY;
  for (let i = Math.floor(other.rows.length / 2); i < other.rows.length; i++) {
    const row = other.rows[i] as TripRow;
    const away = metresBetween(row.lat, row.lon, end.lat, end.lon);
    if (away < metres) [metres, nearest] = [away, i];
  }
  const joint = other.rows[nearest] as TripRow;
  const whole = lastMetres(other) - (other.metres[nearest] as number);
  const rest = other.rows.slice(nearest).map((row, i): TripRow => {
    const fade = Math.max(
      0,
      1 - ((other.metres[nearest + i] as number) - (other.metres[nearest] as number)) / Math.min(fadeMetres, whole),
    );
    return {
      ...row,
      lat: row.lat + (end.lat - joint.lat) * fade,
      lon: row.lon + (end.lon - joint.lon) * fade,
      socPercent: end.socPercent - (joint.socPercent - row.socPercent),
    };
  });
  return makeTrip(`${tour.name} and the end of ${other.name}`, [...tour.rows, ...rest]);
};

const lastMetres = (trip: Trip): number => trip.metres.at(-1) ?? 0;

/** Standing of so many seconds in a recording is a place to deliver to, when the one before is so far behind. */
const stopSeconds = 4;
const stopMetres = 2500;

/** Cuts a tour where it stood, as a parcel van would stop there. */
const cutAtStops = (trip: Trip): Trip[] => {
  const parts: Trip[] = [];
  let from = 0;
  let stood = 0;
  for (const [i, row] of trip.rows.entries()) {
    stood = row.speedKmh < 1 ? stood + 1 : 0;
    const metres = trip.metres[i] as number;
    const isFar = metres - (trip.metres[from] as number) >= stopMetres && lastMetres(trip) - metres >= stopMetres;
    if (stood < stopSeconds || !isFar) continue;
    parts.push(makeTrip(`${trip.name} ${parts.length + 1}`, trip.rows.slice(from, i + 1)));
    from = i;
  }
  parts.push(makeTrip(`${trip.name} ${parts.length + 1}`, trip.rows.slice(from)));
  return parts;
};

/** The recorded ways as they are driven here. */
export interface Tours {
  /** Round trips of some 50 km. */
  readonly first: Trip;
  readonly second: Trip;
  /** The same, with a stop where they stood. */
  readonly firstParts: readonly Trip[];
  readonly secondParts: readonly Trip[];
  /** To the town and back, of each two recordings. */
  readonly out: readonly [Trip, Trip];
  readonly back: readonly [Trip, Trip];
}

export const makeTours = (trips: ReadonlyMap<string, Trip>): Tours => {
  const first = findTrip(trips, 'T1_03_29_2021');
  const second = closeTour(findTrip(trips, 'T2_04_26_2021'), first);
  return {
    first,
    second,
    firstParts: cutAtStops(first),
    secondParts: cutAtStops(second),
    out: [findTrip(trips, 'T3_04_22_2021_1'), findTrip(trips, 'T3_04_26_2021_1')],
    back: [findTrip(trips, 'T3_04_22_2021_2'), findTrip(trips, 'T3_05_31_2021')],
  };
};

export const wayKinds = ['townAndBack', 'firstTour', 'secondTour', 'firstRound', 'secondRound'] as const;
export type WayKind = (typeof wayKinds)[number];

/** From the first place through all recorded ones in between to the last. */
const chain = (trips: readonly Trip[], from: Place, to: Place): Route[] =>
  trips.map((trip, i) => ({
    trip,
    from: i === 0 ? from : placeOf(lastRow(trips[i - 1] as Trip)),
    to: i === trips.length - 1 ? to : placeOf(lastRow(trip)),
  }));

/** Routes of a way from home and back, one after the other. @param variant which of two recordings, 0 or 1 */
export const routesOf = (tours: Tours, kind: WayKind, homeOf: Place, townOf: Place, variant: 0 | 1): readonly Route[] => {
  if (kind === 'firstTour') return chain([tours.first], homeOf, homeOf);
  if (kind === 'secondTour') return chain([tours.second], homeOf, homeOf);
  if (kind === 'firstRound') return chain(tours.firstParts, homeOf, homeOf);
  if (kind === 'secondRound') return chain(tours.secondParts, homeOf, homeOf);
  return [
    { trip: tours.out[variant], from: homeOf, to: townOf },
    { trip: tours.back[variant], from: townOf, to: homeOf },
  ];
};
