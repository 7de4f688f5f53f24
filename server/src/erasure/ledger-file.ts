import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { OperationalError } from '../kernel/index.ts';
import { type Erasure, type ErasedPerson, isErasedPerson, type LedgerLine } from './types.ts';

/** Of each line, so that a damaged one is seen and named. */
const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

type Read = Partial<Record<keyof Erasure | keyof ErasedPerson, unknown>>;

const isOfPerson = (value: Read): boolean =>
  typeof value.id === 'string' && typeof value.personId === 'string' && Number.isFinite(value.requestedAtMs);

const isOfVehicle = (value: Read): boolean =>
  typeof value.id === 'string' &&
  typeof value.vehicleId === 'string' &&
  typeof value.why === 'string' &&
  [value.fromMs, value.toMs, value.requestedAtMs].every((ms) => typeof ms === 'number' && Number.isFinite(ms));

const fieldsOf = (line: LedgerLine): LedgerLine => {
  if (isErasedPerson(line)) return { id: line.id, personId: line.personId, requestedAtMs: line.requestedAtMs };
  const { id, vehicleId, fromMs, toMs, requestedAtMs, why } = line;
  return { id, vehicleId, fromMs, toMs, requestedAtMs, why };
};

/** One line: an erasure as JSON, a space, and the first 16 digits of the SHA-256 of that JSON. */
const lineOf = (line: LedgerLine): string => {
  const text = JSON.stringify(fieldsOf(line));
  return `${text} ${sumOf(text)}\n`;
};

const parseLine = (line: string): LedgerLine | undefined => {
  const at = line.lastIndexOf(' ');
  const text = line.slice(0, at);
  if (at < 0 || sumOf(text) !== line.slice(at + 1)) return undefined;
  const value = JSON.parse(text) as Read;
  return isOfPerson(value) || isOfVehicle(value) ? (value as unknown as LedgerLine) : undefined;
};

/**
 * Reads a ledger; a file that is not there is empty. A last line without an end was cut off by a crash and was never confirmed. A damaged line
 * anywhere is refused: going on without it could bring back what was erased.
 */
export const readLedger = async (file: string): Promise<LedgerLine[]> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, i) => {
    const erasure = parseLine(line);
    if (!erasure)
      throw new OperationalError(
        'unavailable',
        `${file} is damaged in line ${i + 1}: put it back from the newest backup, or remove that line if you know what it erased`,
      );
    return erasure;
  });
};

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Adds to the end, durably. What a crash left of a line is overwritten. */
export const appendLedger = async (file: string, erasures: readonly LedgerLine[]): Promise<void> => {
  if (erasures.length === 0) return;
  const handle = await open(file, 'a+', 0o600);
  try {
    const text = await handle.readFile('utf8');
    const whole = Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1));
    await handle.truncate(whole);
    await handle.appendFile(erasures.map(lineOf).join(''));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(path.dirname(file));
};

/** Adds to one ledger what others have more. Answers how many were added. */
export const joinLedgers = async (into: string, ledgers: readonly string[]): Promise<number> => {
  const known = new Set((await readLedger(into)).map(({ id }) => id));
  const missing: LedgerLine[] = [];
  for (const ledger of ledgers) {
    for (const erasure of await readLedger(ledger)) {
      if (known.has(erasure.id)) continue;
      known.add(erasure.id);
      missing.push(erasure);
    }
  }
  await appendLedger(into, missing);
  return missing.length;
};
