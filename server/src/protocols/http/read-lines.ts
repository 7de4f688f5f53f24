import { CallerError } from '../../kernel/index.ts';
import { asBuffer, type JsonValue, readJson } from '../json/index.ts';

const newline = 0x0a;
const comma = 0x2c;

const isBlank = (line: string): boolean => line.trim() === '';

const readOneByOne = (text: string, firstLine: number): JsonValue[] => {
  const values: JsonValue[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (isBlank(line)) continue;
    const value = readJson(line);
    if (value === undefined) throw notJson(line, firstLine + i + 1);
    values.push(value);
  }
  return values;
};

const notJson = (line: string, number: number): CallerError => {
  const shown = line.length > 100 ? `${line.slice(0, 100)}…` : line;
  const details = { field: `line ${number}`, value: shown, expected: 'a sample as one line of JSON' };
  return new CallerError('bad_request', `line ${number} is not JSON: ${shown}`, details);
};

/** Where the lines of a slice end: `count` ends of line, or the end of the bytes. */
const sliceEnd = (bytes: Uint8Array, from: number, count: number): { readonly end: number; readonly lines: number } => {
  let end = from;
  for (let lines = 1; ; lines++) {
    const at = bytes.indexOf(newline, end);
    if (at < 0) return { end: bytes.length, lines };
    if (lines === count) return { end: at, lines };
    end = at + 1;
  }
};

/**
 * All lines as one list, which costs a third of one by one: for the moment of reading, ends of line are commas. Undefined when that is not
 * as many values as there are lines.
 */
const readAtOnce = (slice: Buffer, lines: number): readonly JsonValue[] | undefined => {
  const ends: number[] = [];
  for (let at = slice.indexOf(newline); at >= 0; at = slice.indexOf(newline, at + 1)) {
    slice[at] = comma;
    ends.push(at);
  }
  const values = readJson(`[${slice.toString('utf8')}]`);
  for (const at of ends) slice[at] = newline;
  return Array.isArray(values) && values.length === lines ? values : undefined;
};

/** So many lines of an NDJSON body. */
export interface LineSlice {
  readonly bytes: Uint8Array;
  readonly lines: number;
  /** Lines before it. */
  readonly firstLine: number;
}

/**
 * The values of lines; blank lines are nothing. Lines whose faults cancel out (one holds two values, two hold one) are read as the values that
 * they make together: each is still checked as a sample, only its number may be another. Throws a CallerError that names a line that is no JSON.
 */
export const readSlice = ({ bytes, lines, firstLine }: LineSlice): readonly JsonValue[] => {
  const slice = asBuffer(bytes);
  return readAtOnce(slice, lines) ?? readOneByOne(slice.toString('utf8'), firstLine);
};

/** NDJSON as slices of at most `linesMax` lines. */
export const sliceLines = function* (body: Uint8Array, linesMax: number): Generator<LineSlice> {
  let length = body.length;
  while (length > 0 && (body[length - 1] as number) <= 0x20) length--;
  const bytes = body.subarray(0, length);
  let firstLine = 0;
  for (let from = 0; from < length; ) {
    const { end, lines } = sliceEnd(bytes, from, linesMax);
    yield { bytes: bytes.subarray(from, end), lines, firstLine };
    firstLine += lines;
    from = end + 1;
  }
};
