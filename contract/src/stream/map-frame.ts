import { type ConnectionStatus, connectionStatuses } from '../status.ts';
import { type WarningSeverity, warningSeverities } from '../warnings.ts';

/**
 * The map frame, version 1: what a fleet map shows, once a second, the same bytes for every viewer of an audience.
 * Little-endian. docs/formats/map-frame.md
 *
 *      0  u8   version (1)
 *      1  u8   kind: 1 full, 2 delta
 *      2  u16  reserved (0)
 *      4  u32  tick: number of this frame
 *      8  f64  ms since the epoch, by the server's clock
 *     16  u32  since: a delta holds what changed after this tick; 0 in a full frame
 *     20  u32  count
 *     24  count × 16 bytes:
 *            0  u32  handle, a number that means something in this stream only
 *            4  i32  latitude × 10^7
 *            8  i32  longitude × 10^7
 *           12  u8   heading in steps of 360/255 degrees, 255: unknown
 *           13  u8   speed in km/h, 254: that or faster, 255: unknown
 *           14  u8   energy in half percent (0 … 200), 255: unknown
 *           15  u8   bits 0–1 status, bits 2–3 severity of the worst warning, bit 4 no position, bit 5 removed
 */
export const mapFrameVersion = 1;
export const mapFrameHeaderBytes = 24;
export const mapEntryBytes = 16;
/** Most vehicles in one frame. */
export const mapEntriesMax = 1_000_000;

const kinds = { full: 1, delta: 2 } as const;
const unknown = 255;
const bits = { severityShift: 2, noPosition: 0b1_0000, removed: 0b10_0000 } as const;
const degreeScale = 10_000_000;

export interface MapFrameEntry {
  readonly handle: number;
  /** Degrees; null: no position is known (both or none). */
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly headingDegrees: number | null;
  readonly speedKmh: number | null;
  readonly energyPercent: number | null;
  readonly status: ConnectionStatus;
  readonly severity: WarningSeverity | 'none';
  /** The vehicle is no longer part of the stream; nothing else of the entry counts. */
  readonly isRemoved: boolean;
}

export interface MapFrame {
  readonly kind: 'full' | 'delta';
  readonly tick: number;
  readonly sinceTick: number;
  readonly timeMs: number;
  readonly entries: readonly MapFrameEntry[];
}

const headingCode = (degrees: number | null): number => {
  if (degrees === null) return unknown;
  const turned = ((degrees % 360) + 360) % 360;
  return Math.round((turned * 255) / 360) % 255;
};
const speedCode = (kmh: number | null): number => (kmh === null ? unknown : Math.min(254, Math.round(Math.abs(kmh))));
const energyCode = (percent: number | null): number =>
  percent === null ? unknown : Math.max(0, Math.min(200, Math.round(percent * 2)));

/** Writes a frame entry by entry, so that a server needs no object for each vehicle. Reused between frames. */
export class MapFrameWriter {
  #bytes = new Uint8Array(mapFrameHeaderBytes + 1024 * mapEntryBytes);
  #view = new DataView(this.#bytes.buffer);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** `sinceTick` undefined: a full frame. */
  begin(tick: number, timeMs: number, sinceTick?: number): void {
    this.#count = 0;
    this.#view.setUint8(0, mapFrameVersion);
    this.#view.setUint8(1, sinceTick === undefined ? kinds.full : kinds.delta);
    this.#view.setUint16(2, 0, true);
    this.#view.setUint32(4, tick, true);
    this.#view.setFloat64(8, timeMs, true);
    this.#view.setUint32(16, sinceTick ?? 0, true);
  }

  /** Numbers as in `MapFrameEntry`; NaN latitude: no position. `status` and `severity` are indices into their lists. */
  add(
    handle: number,
    latitude: number,
    longitude: number,
    headingDegrees: number | null,
    speedKmh: number | null,
    energyPercent: number | null,
    status: number,
    severity: number,
  ): void {
    const at = this.#entryAt();
    const view = this.#view;
    const hasPosition = latitude === latitude && longitude === longitude;
    view.setUint32(at, handle, true);
    view.setInt32(at + 4, hasPosition ? Math.round(latitude * degreeScale) : 0, true);
    view.setInt32(at + 8, hasPosition ? Math.round(longitude * degreeScale) : 0, true);
    view.setUint8(at + 12, headingCode(headingDegrees));
    view.setUint8(at + 13, speedCode(speedKmh));
    view.setUint8(at + 14, energyCode(energyPercent));
    view.setUint8(at + 15, status | (severity << bits.severityShift) | (hasPosition ? 0 : bits.noPosition));
  }

  /** Says that a vehicle has left the stream. */
  remove(handle: number): void {
    const at = this.#entryAt();
    this.#bytes.fill(0, at, at + mapEntryBytes);
    this.#view.setUint32(at, handle, true);
    this.#bytes.fill(unknown, at + 12, at + 15);
    this.#view.setUint8(at + 15, bits.noPosition | bits.removed);
  }

  /** A copy of the frame. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(20, this.#count, true);
    return this.#bytes.slice(0, mapFrameHeaderBytes + this.#count * mapEntryBytes);
  }

  #entryAt(): number {
    if (this.#count === mapEntriesMax) throw new RangeError(`a map frame holds at most ${mapEntriesMax} vehicles`);
    const at = mapFrameHeaderBytes + this.#count * mapEntryBytes;
    if (at + mapEntryBytes > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#count++;
    return at;
  }
}

export const encodeMapFrame = (frame: MapFrame): Uint8Array<ArrayBuffer> => {
  const writer = new MapFrameWriter();
  writer.begin(frame.tick, frame.timeMs, frame.kind === 'delta' ? frame.sinceTick : undefined);
  for (const entry of frame.entries) {
    if (entry.isRemoved) writer.remove(entry.handle);
    else {
      writer.add(
        entry.handle,
        entry.latitude ?? Number.NaN,
        entry.longitude ?? Number.NaN,
        entry.headingDegrees,
        entry.speedKmh,
        entry.energyPercent,
        connectionStatuses.indexOf(entry.status),
        warningSeverities.indexOf(entry.severity),
      );
    }
  }
  return writer.finish();
};

/** Why bytes are no map frame. */
export class MapFrameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MapFrameError';
  }
}

const readHeader = (bytes: Uint8Array): { view: DataView; kind: MapFrame['kind']; count: number } => {
  if (bytes.length < mapFrameHeaderBytes)
    throw new MapFrameError(`a map frame has ${bytes.length} bytes, expected at least ${mapFrameHeaderBytes}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== mapFrameVersion)
    throw new MapFrameError(`a map frame has version ${view.getUint8(0)}, expected ${mapFrameVersion}`);
  const kind = view.getUint8(1);
  if (kind !== kinds.full && kind !== kinds.delta) throw new MapFrameError(`a map frame has kind ${kind}, expected 1 or 2`);
  const count = view.getUint32(20, true);
  const expected = mapFrameHeaderBytes + count * mapEntryBytes;
  if (bytes.length !== expected)
    throw new MapFrameError(`a map frame of ${count} vehicles has ${bytes.length} bytes, expected ${expected}`);
  return { view, kind: kind === kinds.full ? 'full' : 'delta', count };
};

/**
 * Reads a frame without an object for each vehicle: after `seek` the fields are those of one entry, numbers with NaN for what is unknown. Throws
 * `MapFrameError` as `decodeMapFrame` does.
 */
export class MapFrameReader {
  readonly kind: MapFrame['kind'];
  readonly count: number;
  readonly tick: number;
  readonly sinceTick: number;
  readonly timeMs: number;
  readonly #view: DataView;
  #at = mapFrameHeaderBytes;

  constructor(bytes: Uint8Array) {
    const { view, kind, count } = readHeader(bytes);
    this.#view = view;
    this.kind = kind;
    this.count = count;
    this.tick = view.getUint32(4, true);
    this.timeMs = view.getFloat64(8, true);
    this.sinceTick = view.getUint32(16, true);
  }

  seek(index: number): this {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`entry ${index} of ${this.count}`);
    this.#at = mapFrameHeaderBytes + index * mapEntryBytes;
    return this;
  }
  get handle(): number {
    return this.#view.getUint32(this.#at, true);
  }
  get hasPosition(): boolean {
    return (this.#view.getUint8(this.#at + 15) & bits.noPosition) === 0;
  }
  get latitude(): number {
    return this.hasPosition ? this.#view.getInt32(this.#at + 4, true) / degreeScale : Number.NaN;
  }
  get longitude(): number {
    return this.hasPosition ? this.#view.getInt32(this.#at + 8, true) / degreeScale : Number.NaN;
  }
  get headingDegrees(): number {
    const code = this.#view.getUint8(this.#at + 12);
    return code === unknown ? Number.NaN : (code * 360) / 255;
  }
  get speedKmh(): number {
    const code = this.#view.getUint8(this.#at + 13);
    return code === unknown ? Number.NaN : code;
  }
  get energyPercent(): number {
    const code = this.#view.getUint8(this.#at + 14);
    return code === unknown ? Number.NaN : code / 2;
  }
  get status(): ConnectionStatus {
    return connectionStatuses[(this.#view.getUint8(this.#at + 15) & 3) as 0 | 1 | 2 | 3];
  }
  get severity(): WarningSeverity | 'none' {
    return warningSeverities[((this.#view.getUint8(this.#at + 15) >> bits.severityShift) & 3) as 0 | 1 | 2 | 3];
  }
  get isRemoved(): boolean {
    return (this.#view.getUint8(this.#at + 15) & bits.removed) !== 0;
  }
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** Throws `MapFrameError` on anything that is not a whole frame of a version this code knows. */
export const decodeMapFrame = (bytes: Uint8Array): MapFrame => {
  const reader = new MapFrameReader(bytes);
  const { kind, tick, sinceTick, timeMs } = reader;
  const entries: MapFrameEntry[] = [];
  for (let i = 0; i < reader.count; i++) {
    const { handle, headingDegrees, speedKmh, energyPercent, latitude, longitude, status, severity, isRemoved } = reader.seek(i);
    entries.push({
      handle,
      latitude: orNull(latitude),
      longitude: orNull(longitude),
      headingDegrees: orNull(headingDegrees),
      speedKmh: orNull(speedKmh),
      energyPercent: orNull(energyPercent),
      status,
      severity,
      isRemoved,
    });
  }
  return { kind, tick, sinceTick, timeMs, entries };
};
