import { toIso } from '../times.ts';
import type { Track, TrackPoint } from './track.ts';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const notXml = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
/** A text as XML 1.0 may hold it. */
const xmlText = (text: string): string => text.replaceAll(notXml, '').replaceAll(/[&<>"']/g, (mark) => escapes[mark] as string);

const extension = 'http://www.garmin.com/xmlschemas/TrackPointExtension/v2';
const head = `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="Milepost" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gpxtpx="${extension}">
`;

const trackHead = (name: string, source?: string): string =>
  `<trk><name>${xmlText(name)}</name>${source === undefined ? '' : `<src>${xmlText(source)}</src>`}\n`;

/** The schema has courses below 360. Speeds are never negative there, backwards or not. */
const extensionsOf = ({ speedKmh, headingDegrees }: TrackPoint): string => {
  if (speedKmh === undefined && headingDegrees === undefined) return '';
  const speed = speedKmh === undefined ? '' : `<gpxtpx:speed>${(Math.abs(speedKmh) / 3.6).toFixed(3)}</gpxtpx:speed>`;
  const course = headingDegrees === undefined ? '' : `<gpxtpx:course>${headingDegrees % 360}</gpxtpx:course>`;
  return `<extensions><gpxtpx:TrackPointExtension>${speed}${course}</gpxtpx:TrackPointExtension></extensions>`;
};

const pointOf = (point: TrackPoint): string => {
  const elevation = point.altitudeM === undefined ? '' : `<ele>${point.altitudeM}</ele>`;
  // Seven decimals are what is stored; the shortest text of a small number would have an exponent, which xsd:decimal has not.
  const place = `lat="${point.latitude.toFixed(7)}" lon="${point.longitude.toFixed(7)}"`;
  return `<trkpt ${place}>${elevation}<time>${toIso(point.timeMs)}</time>${extensionsOf(point)}</trkpt>\n`;
};

/** Others have a turn of the event loop after so much text. */
const charactersPerPiece = 128 * 1024;

/** A track with a segment for each piece between silences; nothing when it has no point. */
const writeTrack = async function* ({ source, pages }: Track, name: string, gapMs: number): AsyncGenerator<string> {
  let lastMs: number | undefined;
  for await (const points of pages) {
    let text = '';
    for (const point of points) {
      if (lastMs === undefined) text += `${trackHead(name, source)}<trkseg>\n`;
      else if (point.timeMs - lastMs > gapMs) text += '</trkseg>\n<trkseg>\n';
      text += pointOf(point);
      lastMs = point.timeMs;
      if (text.length < charactersPerPiece) continue;
      yield text;
      text = '';
    }
    if (text !== '') yield text;
  }
  if (lastMs !== undefined) yield '</trkseg>\n</trk>\n';
};

/** GPX 1.1. A silence longer than `gapMs` begins a new segment; an export without a point has one track that is empty. */
export const writeGpx = async function* (tracks: AsyncIterable<Track>, name: string, gapMs: number): AsyncGenerator<string> {
  yield head;
  let isAny = false;
  for await (const track of tracks) {
    for await (const piece of writeTrack(track, name, gapMs)) {
      isAny = true;
      yield piece;
    }
  }
  yield `${isAny ? '' : `${trackHead(name)}</trk>\n`}</gpx>\n`;
};
