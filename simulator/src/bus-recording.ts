import { headingBetween, headingMetresMin, metresBetween } from './geometry.ts';
import { readCsv } from './read-csv.ts';

export interface BusFix {
  /** Seconds since the start of the window. */
  readonly second: number;
  readonly speedKmh: number;
  readonly lat: number;
  readonly lon: number;
  /** Degrees; NaN when the bus has not moved yet. */
  readonly heading: number;
  /** Way since the first fix in straight lines, m. */
  readonly metres: number;
}

export const windowSeconds = 8 * 3600;

/** Eight hours of daytime of each recorded day, in local time: a day of ours shows all three, one after the other. */
export const busWindows = [
  { day: '2015-03-07', fromSecond: 7.5 * 3600 },
  { day: '2015-06-07', fromSecond: 13 * 3600 },
  { day: '2015-09-06', fromSecond: 12 * 3600 },
] as const;

type RawFix = Pick<BusFix, 'second' | 'speedKmh' | 'lat' | 'lon'>;

const follow = (raw: readonly RawFix[]): BusFix[] => {
  let heading = Number.NaN;
  let metres = 0;
  let from = raw[0] as RawFix;
  return raw.map((fix) => {
    const step = metresBetween(from.lat, from.lon, fix.lat, fix.lon);
    if (step >= headingMetresMin) {
      heading = headingBetween(from.lat, from.lon, fix.lat, fix.lon);
      metres += step;
      from = fix;
    }
    return { ...fix, heading, metres };
  });
};

const readWindow = (folder: URL, window: (typeof busWindows)[number], buses: number): BusFix[][] => {
  const fixes = new Map<string, RawFix[]>();
  readCsv(new URL(`capmetro-bus/${window.day}.csv.gz`, folder), ([bus = '', second, speed, lat, lon]) => {
    const inWindow = Number(second) - window.fromSecond;
    if (inWindow < 0 || inWindow >= windowSeconds) return;
    const list = fixes.get(bus) ?? [];
    if (list.length === 0) fixes.set(bus, list);
    list.push({ second: inWindow, speedKmh: Number(speed), lat: Number(lat), lon: Number(lon) });
  });
  const busiest = [...fixes.values()].sort((a, b) => b.length - a.length).slice(0, buses);
  return busiest.map(follow);
};

/** For each simulated bus the fixes of one recorded bus in each window; those with most fixes come first. */
export const readBusWindows = (folder: URL, buses: number): readonly (readonly (readonly BusFix[])[])[] => {
  if (buses === 0) return [];
  const windows = busWindows.map((window) => readWindow(folder, window, buses));
  const available = Math.min(buses, ...windows.map((window) => window.length));
  return Array.from({ length: available }, (_, bus) => windows.map((window) => window[bus] as BusFix[]));
};
