/** A PMTiles archive with one vector tile, of the whole world: land everywhere, and water on its eastern half. */

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]);
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
const lengthDelimited = (field: number, bytes: readonly number[]): number[] => [
  ...varint((field << 3) | 2),
  ...varint(bytes.length),
  ...bytes,
];
const number = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)];
const text = (field: number, value: string): number[] => lengthDelimited(field, [...Buffer.from(value)]);

const extent = 4096;
const polygonType = 3;
/** Commands of the geometry of a vector tile: the id in three bits, how often above them. */
const [moveOnce, lineThrice, close] = [(1 << 3) | 1, (3 << 3) | 2, (1 << 3) | 7];

const layer = (name: string, west: number): number[] => {
  const steps = [
    moveOnce,
    ...[west, 0].map(zigzag),
    lineThrice,
    ...[extent - west, 0, 0, extent, west - extent, 0].map(zigzag),
    close,
  ];
  const feature = [...number(3, polygonType), ...lengthDelimited(4, steps.flatMap(varint))];
  return lengthDelimited(3, [...text(1, name), ...lengthDelimited(2, feature), ...number(5, extent), ...number(15, 2)]);
};

const headerBytes = 127;

/** `layerNames`: what the archive calls land and water; others than the map knows make it one that cannot be drawn. */
export const makePmtiles = (layerNames: readonly [land: string, water: string] = ['earth', 'water']): Buffer => {
  const tile = Buffer.from([...layer(layerNames[0], 0), ...layer(layerNames[1], extent / 2)]);
  const metadata = Buffer.from(
    JSON.stringify({ attribution: 'Tiny tiles', vector_layers: layerNames.map((id) => ({ id, fields: {} })) }),
  );
  // One entry: tile 0, for one tile, so many bytes, from the beginning.
  const root = Buffer.from([1, 0, 1, ...varint(tile.length), 1]);
  const header = Buffer.alloc(headerBytes);
  header.write('PMTiles', 0, 'latin1');
  header[7] = 3;
  let at = headerBytes;
  const sections: readonly [field: number, bytes: number][] = [
    [8, root.length],
    [24, metadata.length],
    [40, 0],
    [56, tile.length],
  ];
  for (const [field, bytes] of sections) {
    header.writeBigUInt64LE(BigInt(at), field);
    header.writeBigUInt64LE(BigInt(bytes), field + 8);
    at += bytes;
  }
  for (const field of [72, 80, 88]) header.writeBigUInt64LE(1n, field);
  // In order; nothing is compressed; vector tiles; the zooms 0 to 0.
  header.set([1, 1, 1, 1, 0, 0], 96);
  for (const [field, degrees] of [
    [102, -180],
    [106, -85],
    [110, 180],
    [114, 85],
  ] as const)
    header.writeInt32LE(degrees * 1e7, field);
  return Buffer.concat([header, root, metadata, tile]);
};
