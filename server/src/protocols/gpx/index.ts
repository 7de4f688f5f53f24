export { XmlDecoder } from './decode-xml.ts';
export { gpxLimits, type GpxPoint, type GpxPointKind, GpxReader } from './read-gpx.ts';
