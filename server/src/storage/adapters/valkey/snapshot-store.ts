import { randomBytes } from 'node:crypto';
import { OperationalError } from '../../../kernel/index.ts';
import { checkName, checkPrefix, type SnapshotStore } from '../../snapshot-store.ts';
import { chunksOf } from './chunks.ts';
import type { Command, Valkey } from './open-valkey.ts';
import { namesScript, putScript, removeScript } from './snapshot-scripts.ts';

/** The parts of one version of a snapshot: a list, so that all of them go at one moment. */
interface PartList {
  readonly key: string;
  readonly count: number;
  readonly bytes: number;
  /** Of each but the last. */
  readonly partBytes: number;
}

/** Runs in their order, some at once. */
const inOrder = (atOnceMax: number) => {
  const inFlight: Promise<void>[] = [];
  return {
    add: async (one: Promise<void>): Promise<void> => {
      // What fails is thrown where its turn comes to be awaited.
      one.catch(() => undefined);
      inFlight.push(one);
      if (inFlight.length >= atOnceMax) await inFlight.shift();
    },
    end: async (): Promise<void> => {
      await Promise.all(inFlight);
    },
  };
};

const evalOf = (script: string, keys: readonly string[], args: readonly (string | number)[]): Command => [
  'EVAL',
  script,
  String(keys.length),
  ...keys,
  ...args.map(String),
];

const cutOff = (name: string): OperationalError =>
  new OperationalError('unavailable', `snapshot ${name} took too long to write, or Valkey lost parts of it meanwhile`);

/** Appends the parts to a list that goes by itself unless it becomes a snapshot. */
const writeParts = async (valkey: Valkey, name: string, key: string, parts: AsyncIterable<Uint8Array>): Promise<PartList> => {
  const { limits } = valkey.settings;
  const sending = inOrder(limits.snapshotPartsInFlightMax);
  let [count, bytes] = [0, 0];
  const push = async (chunk: Buffer, expected: number): Promise<void> => {
    const [length] = await valkey.transaction([
      ['RPUSH', key, chunk],
      ['PEXPIRE', key, String(limits.snapshotWritingTtlMs)],
    ]);
    if (length !== expected) throw cutOff(name);
  };
  for await (const chunk of chunksOf(parts, limits.snapshotPartBytesMax)) {
    bytes += chunk.length;
    if (bytes > limits.snapshotBytesMax)
      throw new OperationalError('overloaded', `snapshot ${name} has more than ${limits.snapshotBytesMax} bytes`);
    await sending.add(push(chunk, ++count));
  }
  await sending.end();
  return { key, count, bytes, partBytes: limits.snapshotPartBytesMax };
};

/** Undefined: some of it is gone. */
const readParts = async (valkey: Valkey, { key, count, bytes, partBytes }: PartList): Promise<Buffer | undefined> => {
  const whole = Buffer.allocUnsafeSlow(bytes);
  const reading = inOrder(valkey.settings.limits.snapshotPartsInFlightMax);
  let read = 0;
  let isGone = false;
  const readPart = async (index: number): Promise<void> => {
    const part = await valkey.request(['LINDEX', key, String(index)]);
    if (part instanceof Buffer) read += part.copy(whole, index * partBytes);
    else isGone = true;
  };
  for (let index = 0; index < count && !isGone; index++) await reading.add(readPart(index));
  await reading.end();
  return read === bytes && !isGone ? whole : undefined;
};

/** In memory of the server alone, unless it is told to keep what it has: a snapshot that is lost is made anew from the log. */
export const makeValkeySnapshotStore = (valkey: Valkey): SnapshotStore => {
  const { prefix, limits } = valkey.settings;
  const index = `${prefix}snapshots`;
  const entryOf = (name: string): string => `${prefix}snapshot:${name}`;
  const find = async (name: string): Promise<PartList | undefined> => {
    const found = await valkey.request(['HMGET', entryOf(name), 'parts', 'count', 'bytes', 'partBytes']);
    const [key, count, bytes, partBytes] = (found as (Buffer | null)[]).map((value) => value?.toString());
    return key === undefined ? undefined : { key, count: Number(count), bytes: Number(bytes), partBytes: Number(partBytes) };
  };
  return {
    write: async (name, parts) => {
      checkName(name);
      const key = `${prefix}snapshot-parts:${name}:${randomBytes(8).toString('hex')}`;
      try {
        const { count, bytes, partBytes } = await writeParts(valkey, name, key, parts);
        const times = [limits.snapshotTtlMs, limits.snapshotReplacedTtlMs];
        const put = evalOf(putScript, [index, entryOf(name), key], [name, count, bytes, partBytes, ...times]);
        if ((await valkey.request(put)) !== 1) throw cutOff(name);
        return bytes;
      } catch (error) {
        // It would go by itself; sooner is better.
        await valkey.request(['UNLINK', key]).catch(() => undefined);
        throw error;
      }
    },
    names: async (beginning) => {
      checkPrefix(beginning);
      const between = beginning === '' ? ['-', '+'] : [`[${beginning}`, `(${beginning}~`];
      const names = await valkey.request(evalOf(namesScript, [index], [...between, entryOf('')]));
      return (names as Buffer[]).map(String);
    },
    read: async (name) => {
      checkName(name);
      for (let tries = 0; tries < limits.snapshotReadTriesMax; tries++) {
        const found = await find(name);
        const whole = found && (await readParts(valkey, found));
        if (!found || whole) return whole;
      }
      throw new OperationalError(
        'unavailable',
        `snapshot ${name} is replaced faster than it can be read, or parts of it are lost`,
      );
    },
    remove: async (name) => {
      checkName(name);
      await valkey.request(evalOf(removeScript, [index, entryOf(name)], [name]));
    },
  };
};
