import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { UnreadableFileError } from '../unreadable-file.ts';

/** Limits of one file. docs/limits.md says what happens at each. */
export const gpxLimits = {
  /** Elements within each other. */
  depthMax: 64,
  /** Characters of one text, comment, attribute or element that has not ended. */
  pieceCharactersMax: 1024 * 1024,
  /** Characters of a time or number; more cannot be one. */
  valueCharactersMax: 64,
} as const;

export type GpxPointKind = 'trkpt' | 'wpt' | 'rtept';

/** A point as the file has it: texts, nothing is checked. */
export interface GpxPoint {
  readonly kind: GpxPointKind;
  /** Of the file; the first is 1. */
  readonly line: number;
  latitude?: string;
  longitude?: string;
  time?: string;
  /** m */
  elevation?: string;
  /** m/s */
  speed?: string;
  /** Degrees from north. */
  course?: string;
}

/** Namespaces whose elements have our meaning; older programs leave theirs out. */
const gpxNamespaces = new Set(['', 'http://www.topografix.com/GPX/1/0', 'http://www.topografix.com/GPX/1/1']);
/** Extensions that have speed (m/s) and course (degrees) of a point. */
const motionNamespaces = new Set([
  ...gpxNamespaces,
  'http://www.garmin.com/xmlschemas/TrackPointExtension/v1',
  'http://www.garmin.com/xmlschemas/TrackPointExtension/v2',
  'https://osmand.net/docs/technical/osmand-file-formats/osmand-gpx',
  'https://osmand.net',
]);

const pointKinds: readonly string[] = ['trkpt', 'wpt', 'rtept'] satisfies GpxPointKind[];

/** Fields of a point that are right below it, and those that stand there or in its extensions. */
const ownFields: Readonly<Record<string, 'time' | 'elevation'>> = { time: 'time', ele: 'elevation' };
const motionFields: Readonly<Record<string, 'speed' | 'course'>> = { speed: 'speed', course: 'course' };

type Field = 'time' | 'elevation' | 'speed' | 'course';

/** Where it is no GPX. */
const notGpx = (line: number, why: string): UnreadableFileError => new UnreadableFileError(line, why, 'GPX 1.0 or 1.1');

/**
 * Points of a GPX 1.0 or 1.1 file that comes in pieces of any size. A document type (and so every entity of its own) is refused, nothing outside of the
 * file is ever looked at, and what is within each other or without an end is limited: a file costs no more than its length.
 */
export class GpxReader {
  readonly #parser = new SaxesParser({
    xmlns: true,
    // Programs forget to declare prefixes of extensions, which are passed over anyway.
    resolvePrefix: (prefix: string) => (prefix === '' ? '' : `undeclared:${prefix}`),
  });
  #points: GpxPoint[] = [];
  #point: GpxPoint | undefined;
  #pointDepth = 0;
  #depth = 0;
  #field: Field | undefined;
  #fieldDepth = 0;
  #text = '';
  #sinceEvent = 0;

  constructor() {
    const parser = this.#parser;
    parser.on('error', (error) => {
      throw notGpx(parser.line, error.message.replace(/^\d+:\d+: /, ''));
    });
    parser.on('doctype', () => {
      throw notGpx(parser.line, 'a document type is not read');
    });
    parser.on('opentag', (tag) => this.#opened(tag));
    parser.on('closetag', () => this.#closed());
    parser.on('text', (text) => this.#said(text));
    parser.on('cdata', (text) => this.#said(text));
    parser.on('comment', () => this.#event());
    parser.on('processinginstruction', () => this.#event());
  }

  /** Throws `bad_request` where it is no GPX; points before are still to be taken. */
  push(text: string): void {
    this.#sinceEvent += text.length;
    this.#parser.write(text);
    if (this.#sinceEvent > gpxLimits.pieceCharactersMax)
      throw notGpx(this.#parser.line, `a piece of it is longer than ${gpxLimits.pieceCharactersMax} characters`);
  }

  end(): void {
    this.#parser.close();
  }

  /** Points that have ended since the last call. */
  take(): GpxPoint[] {
    const points = this.#points;
    this.#points = [];
    return points;
  }

  #event(): void {
    this.#sinceEvent = 0;
  }

  #opened(tag: SaxesTagNS): void {
    this.#event();
    if (++this.#depth > gpxLimits.depthMax)
      throw notGpx(this.#parser.line, `more than ${gpxLimits.depthMax} elements within each other`);
    const { local, uri } = tag;
    if (this.#depth === 1 && (local !== 'gpx' || !gpxNamespaces.has(uri)))
      throw notGpx(this.#parser.line, `it begins with <${tag.name}>`);
    if (this.#point) this.#openField(local, uri, this.#point);
    else if (gpxNamespaces.has(uri)) this.#openPoint(tag);
  }

  #openPoint({ local, attributes }: SaxesTagNS): void {
    if (!pointKinds.includes(local)) return;
    const value = (name: string): string | undefined =>
      Object.values<SaxesAttributeNS>(attributes).find((attribute) => attribute.local === name && attribute.uri === '')?.value;
    const [latitude, longitude] = [value('lat'), value('lon')];
    this.#point = {
      kind: local as GpxPointKind,
      line: this.#parser.line,
      ...(latitude === undefined ? {} : { latitude: latitude.slice(0, gpxLimits.valueCharactersMax) }),
      ...(longitude === undefined ? {} : { longitude: longitude.slice(0, gpxLimits.valueCharactersMax) }),
    };
    this.#pointDepth = this.#depth;
  }

  #openField(local: string, uri: string, point: GpxPoint): void {
    const isOwn = this.#depth === this.#pointDepth + 1 && gpxNamespaces.has(uri);
    const field = (isOwn ? ownFields[local] : undefined) ?? (motionNamespaces.has(uri) ? motionFields[local] : undefined);
    if (field === undefined || point[field] !== undefined) return;
    this.#field = field;
    this.#fieldDepth = this.#depth;
    this.#text = '';
  }

  #said(text: string): void {
    this.#event();
    if (this.#field && this.#depth === this.#fieldDepth && this.#text.length <= gpxLimits.valueCharactersMax)
      this.#text += text.slice(0, gpxLimits.valueCharactersMax + 1);
  }

  #closed(): void {
    this.#event();
    if (this.#point && this.#field && this.#depth === this.#fieldDepth) {
      const text = this.#text.trim();
      if (text !== '') this.#point[this.#field] = text;
      this.#field = undefined;
    }
    if (this.#point && this.#depth === this.#pointDepth) {
      this.#points.push(this.#point);
      this.#point = undefined;
    }
    this.#depth--;
  }
}
