import { coreSignal } from '@milepost/contract';
import { TimeZone } from '../../kernel/index.ts';
import { type GpxPoint, type GpxPointKind, GpxReader, XmlDecoder } from '../../protocols/gpx/index.ts';
import { UnreadableFileError } from '../../protocols/index.ts';
import { readIsoTime } from './read-time.ts';
import type { ImportItem, ImportProblem } from './types.ts';

type Field = 'latitude' | 'longitude' | 'elevation' | 'speed' | 'course';

interface Reading {
  readonly column: string;
  readonly path: string;
  /** Into the unit of the signal. */
  readonly factor: number;
}

/** GPX has metres, degrees, and m/s. */
const readings: Readonly<Record<Field, Reading>> = {
  latitude: { column: 'lat', path: coreSignal('Vehicle.CurrentLocation.Latitude').path, factor: 1 },
  longitude: { column: 'lon', path: coreSignal('Vehicle.CurrentLocation.Longitude').path, factor: 1 },
  elevation: { column: 'ele', path: coreSignal('Vehicle.CurrentLocation.Altitude').path, factor: 1 },
  speed: { column: 'speed', path: coreSignal('Vehicle.Speed').path, factor: 3.6 },
  course: { column: 'course', path: coreSignal('Vehicle.CurrentLocation.Heading').path, factor: 1 },
};
const fields = Object.keys(readings) as Field[];

const notTracks: Readonly<Record<Exclude<GpxPointKind, 'trkpt'>, string>> = {
  wpt: 'a point of a track: a waypoint is a place, not where the vehicle was at a time',
  rtept: 'a point of a track: a route is a plan, not where the vehicle was',
};

/** GPX: a time without a zone is UTC. */
const utc = new TimeZone('UTC');
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;

const refused = (problem: ImportProblem): ImportItem => ({ problems: [problem] });

/** A point with a time as a sample; what of it is no number is told. */
const itemOf = (point: GpxPoint): ImportItem => {
  const { kind, line, time } = point;
  if (kind !== 'trkpt') return refused({ line, column: kind, reason: 'not_a_track', expected: notTracks[kind] });
  if (time === undefined) return refused({ line, column: 'time', reason: 'no_time', expected: 'a time with each point' });
  const timeMs = readIsoTime(time, utc);
  if (Number.isNaN(timeMs))
    return refused({ line, column: 'time', value: time, reason: 'bad_time', expected: 'a time like 2026-11-20T12:00:00Z' });
  const signals: Record<string, number> = {};
  const cells: Record<string, { column: string; text: string }> = {};
  const problems: ImportProblem[] = [];
  for (const name of fields) {
    const text = point[name];
    const { column, path, factor } = readings[name];
    if (text === undefined) continue;
    if (decimal.test(text)) {
      signals[path] = Number(text) * factor;
      cells[path] = { column, text };
    } else problems.push({ line, column, value: text, reason: 'wrong_type', expected: 'a number' });
  }
  const isPlaced = readings.latitude.path in signals && readings.longitude.path in signals;
  if (!isPlaced && problems.length === 0)
    problems.push({ line, column: 'lat lon', reason: 'wrong_type', expected: 'a latitude and a longitude with each point' });
  return isPlaced ? { sample: { line, timeMs, signals, cells }, problems } : { problems };
};

interface Read {
  readonly items: readonly ImportItem[];
  /** Where it ended. */
  readonly failure?: UnreadableFileError;
}

const readOn = (reader: GpxReader, step: () => void): Read => {
  try {
    step();
    return { items: reader.take().map(itemOf) };
  } catch (failure) {
    if (failure instanceof UnreadableFileError) return { items: reader.take().map(itemOf), failure };
    throw failure;
  }
};

/** What a GPX file has, point by point. Throws `UnreadableFileError` where it is no GPX, after what is before. */
export const gpxItems = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly ImportItem[]> {
  const decoder = new XmlDecoder();
  const reader = new GpxReader();
  const steps = async function* (): AsyncGenerator<() => void> {
    for await (const chunk of chunks) yield () => reader.push(decoder.push(chunk));
    yield () => {
      reader.push(decoder.end());
      reader.end();
    };
  };
  for await (const step of steps()) {
    const { items, failure } = readOn(reader, step);
    yield items;
    if (failure) throw failure;
  }
};
