import { open } from 'node:fs/promises';
import type { MapStyle } from '@milepost/contract/api';
import { mapTilesPath } from '../http/index.ts';
import { CallerError } from '../kernel/index.ts';
import { isArchive, isArchiveFile } from './map-style.ts';

/** What a page may load of the map from where, and the archive that the server itself has. */
export interface MapSource {
  /** Null: the outlines that are built in. */
  readonly style: MapStyle | null;
  /** Path of a PMTiles archive to be served; undefined: there is none. */
  readonly tilesFile: string | undefined;
}

/** Streets for nothing and without a key, from OpenStreetMap. docs/decisions/0016-map-styles.md */
const openFreeMap: MapStyle = {
  kind: 'style',
  light: 'https://tiles.openfreemap.org/styles/positron',
  dark: 'https://tiles.openfreemap.org/styles/dark',
};

/** Of the header of a PMTiles archive, version 3. https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md */
const header = { magic: 'PMTiles', bytes: 127, versionAt: 7, version: 3, tileTypeAt: 99, vectorTiles: 1 } as const;

const readHeader = async (file: string): Promise<Buffer> => {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(header.bytes), position: 0 });
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
};

const refuse = (file: string, expected: string, cause?: unknown): CallerError =>
  new CallerError('invalid_field', `MILEPOST_MAP_STYLE is ${JSON.stringify(file)}, expected ${expected}`, {
    field: 'MILEPOST_MAP_STYLE',
    value: file,
    expected,
    cause,
  });

/** Throws `invalid_field` when the file cannot be read or is no archive that the map could draw. */
const checkArchive = async (file: string): Promise<void> => {
  const bytes = await readHeader(file).catch((cause: unknown) => {
    throw refuse(file, `a file that can be read (${cause instanceof Error ? cause.message : String(cause)})`, cause);
  });
  const isOurs =
    bytes.length === header.bytes &&
    bytes.toString('latin1', 0, header.versionAt) === header.magic &&
    bytes[header.versionAt] === header.version;
  if (!isOurs) throw refuse(file, 'a PMTiles archive of version 3');
  if (bytes[header.tileTypeAt] !== header.vectorTiles) throw refuse(file, 'a PMTiles archive of vector tiles (MVT)');
};

const same = (kind: MapStyle['kind'], address: string): MapStyle => ({ kind, light: address, dark: address });

/** Finds out what the setting stands for. Throws `invalid_field` when a file is not what the map needs. */
export const openMapSource = async (text: string): Promise<MapSource> => {
  if (text === 'outlines') return { style: null, tilesFile: undefined };
  if (text === 'openfreemap') return { style: openFreeMap, tilesFile: undefined };
  if (!isArchive(text)) return { style: same('style', text), tilesFile: undefined };
  if (!isArchiveFile(text)) return { style: same('pmtiles', text), tilesFile: undefined };
  await checkArchive(text);
  return { style: same('pmtiles', mapTilesPath), tilesFile: text };
};
