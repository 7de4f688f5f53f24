import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { type DeadLetter, recordFields } from '../events/index.ts';
import type { Clock, Logger } from '../kernel/index.ts';

/** Named limits of the dead letters. docs/limits.md says what happens at each. */
export const deadLetterLimits = {
  /** Records in the file; further ones are counted and stay in the log alone. */
  entriesMax: 10_000,
  /** Their bytes, before they are written as text. */
  bytesMax: 64 * 1024 * 1024,
} as const;

/** A line of the file. */
export interface DeadLetterLine {
  readonly at: string;
  readonly reader: string;
  readonly partition: number;
  readonly offset: number;
  readonly vehicleNo: number;
  readonly deviceNo: number;
  readonly receivedAt: number;
  readonly why: string;
  /** Header and body, base64. */
  readonly record: string;
}

const keyOf = ({ reader, partition, offset }: Pick<DeadLetterLine, 'reader' | 'partition' | 'offset'>): string =>
  `${reader} ${partition} ${offset}`;

/** A line that a crash cut off is left out: its record is met again. */
const readLine = (line: string): DeadLetterLine[] => {
  try {
    return [JSON.parse(line) as DeadLetterLine];
  } catch {
    return [];
  }
};

/** Every record once for each reader, the oldest first. */
export const readDeadLetters = (file: string): DeadLetterLine[] => {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').flatMap(readLine);
  return [...new Map(lines.map((line) => [keyOf(line), line])).values()];
};

const lineOf = ({ reader, partition, offset, record, error }: DeadLetter, at: number): DeadLetterLine => {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  return {
    at: new Date(at).toISOString(),
    reader,
    partition,
    offset,
    vehicleNo: recordFields.vehicleNo(view, 0),
    deviceNo: recordFields.deviceNo(view, 0),
    receivedAt: recordFields.receivedAt(view, 0),
    why: error.message,
    record: Buffer.from(record).toString('base64'),
  };
};

export interface DeadLetters {
  readonly count: number;
  /** Met and not written: the file is full, or could not be written. */
  readonly unwritten: number;
  put(letter: DeadLetter): void;
}

/**
 * `dead-letters.ndjson` of a data folder: records that a read model could not apply. Read again after a restart they are the same ones. They are few
 * or there is a fault to be mended, so each is written at once.
 */
export const openDeadLetters = (file: string, clock: Clock, logger: Logger): DeadLetters => {
  const present = readDeadLetters(file);
  const known = new Set(present.map(keyOf));
  let bytes = present.reduce((sum, { record }) => sum + record.length * 0.75, 0);
  let unwritten = 0;
  // What a crash left of the last line must not swallow the next one.
  if (existsSync(file) && !readFileSync(file, 'utf8').endsWith('\n') && present.length > 0) appendFileSync(file, '\n');
  return {
    get count() {
      return known.size;
    },
    get unwritten() {
      return unwritten;
    },
    put: (letter) => {
      const key = keyOf(letter);
      if (known.has(key)) return;
      const { reader, offset, error, record } = letter;
      const hasRoom = known.size < deadLetterLimits.entriesMax && bytes + record.length <= deadLetterLimits.bytesMax;
      if (!hasRoom) {
        if (unwritten++ === 0)
          logger.error('there are too many dead letters: further ones are only counted', { reader, offset, error });
        return;
      }
      try {
        appendFileSync(file, `${JSON.stringify(lineOf(letter, clock.now()))}\n`, { flush: true });
        known.add(key);
        bytes += record.length;
        logger.error('a record cannot be applied and is put aside', { reader, offset, error });
      } catch (cause) {
        unwritten++;
        logger.error('a record cannot be applied, nor put aside: it stays in the log alone', { reader, offset, error, cause });
      }
    },
  };
};

/** Empties the file; what was in it is kept beside it under a name with the time. Answers that name. */
export const setDeadLettersAside = async (file: string, nowMs: number): Promise<string> => {
  const aside = `${file}.${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`;
  await rename(file, aside);
  writeFileSync(file, '', { flush: true });
  return aside;
};
