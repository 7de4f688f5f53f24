import type { FleetRoster } from '@milepost/contract/api';
import { MapFrameReader } from '@milepost/contract/stream';

/** The whole fleet as of a moment, as small as it came: objects are made for the one that is shown. */
export interface PastFrame {
  readonly atMs: number;
  /** receivedAt up to which everything is contained that had been acknowledged. */
  readonly completeToMs: number;
  readonly ids: readonly string[];
  readonly entries: MapFrameReader;
  /** NaN: not known. */
  readonly positionAgesMs: Float64Array;
  readonly statusAgesMs: Float64Array;
  readonly warningMasks: Uint32Array;
  /** Places of those that were offline because they had signed off. */
  readonly goodbyes: ReadonlySet<number>;
  /** What it takes in memory, about. */
  readonly bytes: number;
}

const bytesPerVehicle = 16 + 8 + 8 + 4;

const ages = (values: readonly (number | null)[]): Float64Array => Float64Array.from(values, (value) => value ?? Number.NaN);

const isSame = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((id, i) => id === b[i]);

/**
 * Decodes an answer of `GET /v1/fleet?format=frame`: u32 length of the roster, roster, frame. Fleets seldom change, so the ids of the frame before
 * are used again when they are the same. Throws on anything else.
 */
export const decodePastFrame = (data: ArrayBuffer, idsBefore: readonly string[]): PastFrame => {
  const rosterBytes = new DataView(data).getUint32(0, true);
  const roster = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, rosterBytes))) as FleetRoster;
  const entries = new MapFrameReader(new Uint8Array(data.slice(4 + rosterBytes)));
  if (entries.count !== roster.vehicles.length)
    throw new TypeError(`a past frame has ${entries.count} entries and ${roster.vehicles.length} ids`);
  return {
    atMs: entries.timeMs,
    completeToMs: Date.parse(roster.completeTo),
    ids: isSame(roster.vehicles, idsBefore) ? idsBefore : roster.vehicles,
    entries,
    positionAgesMs: ages(roster.positionAgesMs),
    statusAgesMs: ages(roster.statusAgesMs),
    warningMasks: Uint32Array.from(roster.warnings),
    goodbyes: new Set(roster.goodbyes.map((handle) => handle - 1)),
    bytes: entries.count * bytesPerVehicle,
  };
};
