import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { decodeMapFrame } from '@milepost/contract/stream';

/** What private samples hold and nothing else does, so that an answer is searched for it. */
export const secret = { latitude: -67.4321, longitude: -130.4321, altitude: 3777.7 } as const;

/** A number near a secret one. A place that was rounded, averaged or moved by some kilometres is found, too. */
const isSecret = (value: number): boolean =>
  Object.values(secret).some((hidden) => Math.abs(value - hidden) < 0.4 || Math.abs(value - hidden * 1e7) < 4e6);

const numbersIn = (text: string): number[] => (text.match(/-?\d+(\.\d+)?([eE][+-]?\d+)?/g) ?? []).map(Number);

const textOfParquet = async (bytes: Buffer): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'milepost-parquet-'));
  try {
    const file = join(folder, 'answer.parquet');
    await writeFile(file, bytes);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const rows = await connection.runAndReadAll(`select * from '${file}'`);
    return JSON.stringify(rows.getRowsJson());
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** u32 length · roster · map frame. */
const textOfFrame = (bytes: Buffer): string => {
  const length = bytes.readUInt32LE(0);
  const frame = decodeMapFrame(new Uint8Array(bytes.subarray(4 + length)));
  return bytes.toString('utf8', 4, 4 + length) + JSON.stringify(frame);
};

/** Whether an answer of the API tells a secret place, whatever it is written in. */
export const tellsSecret = async (bytes: Buffer, type: string): Promise<boolean> => {
  const readers: Readonly<Record<string, (bytes: Buffer) => string | Promise<string>>> = {
    'application/vnd.apache.parquet': textOfParquet,
    'application/vnd.milepost.map-frame': textOfFrame,
  };
  const [name = ''] = type.split(';');
  const text = await (readers[name.trim()] ?? ((plain: Buffer) => plain.toString('utf8')))(bytes);
  return numbersIn(text).some(isSecret);
};
