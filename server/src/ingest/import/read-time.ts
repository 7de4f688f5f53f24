import { invalidField, isTimeZone, TimeZone } from '../../kernel/index.ts';
import { timeMsMax } from '../../events/index.ts';

/** Reads a time as a file has it; NaN when it is none. */
export type ReadTime = (text: string) => number;

const isoPattern = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?$/;

interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly ms: number;
}

/** As if local clocks showed UTC; NaN for the 31st of April, 24:30 and the like. */
const localOf = ({ year, month, day, hour, minute, second, ms }: Fields): number => {
  const local = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  const date = new Date(local);
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal && hour < 24 && minute < 60 && second < 60 ? local : Number.NaN;
};

const withinLog = (ms: number): number => (ms >= 0 && ms <= timeMsMax ? Math.round(ms) : Number.NaN);

const offsetMsOf = (zone: string): number => {
  if (zone === 'Z') return 0;
  const digits = zone.replaceAll(/\D/g, '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
};

/** The moment of a local time; NaN when clocks skipped it. */
const momentOf = (zone: TimeZone, localMs: number): number => {
  const { ms, kind } = zone.momentAt(localMs);
  return kind === 'skipped' ? Number.NaN : ms;
};

/** ISO 8601; one without a zone is of `zone`. */
export const readIsoTime = (text: string, zone: TimeZone): number => {
  const found = isoPattern.exec(text);
  if (!found) return Number.NaN;
  const [year, month, day, hour, minute, second = 0] = found.slice(1, 7).map((part) => Number(part ?? 0)) as number[];
  const ms = Number(`0.${found[7] ?? '0'}`) * 1000;
  const local = localOf({ year, month, day, hour, minute, second, ms: Math.floor(ms) } as Fields);
  if (Number.isNaN(local)) return local;
  return withinLog(found[8] === undefined ? momentOf(zone, local) : local - offsetMsOf(found[8]));
};

const epochPattern = /^\d{1,16}(\.\d{1,9})?$/;
const readEpoch =
  (msPerUnit: number): ReadTime =>
  (text) =>
    epochPattern.test(text) ? withinLog(Number(text) * msPerUnit) : Number.NaN;

type FieldName = keyof Fields | 'half' | 'shortYear' | 'halfHour';

/** The letters of Unicode's date patterns (UTS 35) that files need. */
const tokens: Readonly<Record<string, readonly [field: FieldName, pattern: string]>> = {
  yyyy: ['year', '(\\d{4})'],
  yy: ['shortYear', '(\\d{2})'],
  MM: ['month', '(\\d{2})'],
  M: ['month', '(\\d{1,2})'],
  dd: ['day', '(\\d{2})'],
  d: ['day', '(\\d{1,2})'],
  HH: ['hour', '(\\d{2})'],
  H: ['hour', '(\\d{1,2})'],
  hh: ['halfHour', '(\\d{2})'],
  h: ['halfHour', '(\\d{1,2})'],
  mm: ['minute', '(\\d{2})'],
  ss: ['second', '(\\d{2})'],
  SSS: ['ms', '(\\d{3})'],
  a: ['half', '([AaPp]\\.?[Mm]\\.?)'],
};

const field = 'mapping.time.format';
const expected = `iso, epochSeconds, epochMilliseconds, or a pattern of ${Object.keys(tokens).join(' ')}, like dd.MM.yyyy HH:mm:ss`;

interface CompiledPattern {
  readonly names: readonly FieldName[];
  readonly regex: RegExp;
}

const compilePattern = (pattern: string): CompiledPattern => {
  const names: FieldName[] = [];
  let source = '';
  for (const [part, quoted, letters] of pattern.matchAll(/'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+/g)) {
    if (letters === undefined) {
      source += (quoted ?? part).replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
      continue;
    }
    const token = tokens[part];
    if (!token || names.includes(token[0])) throw invalidField(field, pattern, expected);
    names.push(token[0]);
    source += token[1];
  }
  const has = (...wanted: FieldName[]): boolean => wanted.some((name) => names.includes(name));
  const isWhole = has('year', 'shortYear') && has('month') && has('day') && (has('hour') || (has('halfHour') && has('half')));
  if (!isWhole) throw invalidField(field, pattern, `${expected}; with year, month, day and hour`);
  return { names, regex: new RegExp(`^${source}$`) };
};

/** Two digits of a year are of this century: vehicles did not report in the last one. */
const century = 2000;

const readPattern = (pattern: string, zone: TimeZone): ReadTime => {
  const { names, regex } = compilePattern(pattern);
  return (text) => {
    const found = regex.exec(text);
    if (!found) return Number.NaN;
    const texts = Object.fromEntries(names.map((name, i) => [name, found[i + 1]])) as Partial<Record<FieldName, string>>;
    const number = (name: FieldName): number => Number(texts[name] ?? 0);
    const isAfternoon = texts.half?.toLowerCase().startsWith('p') === true;
    if (texts.half !== undefined && (number('halfHour') < 1 || number('halfHour') > 12)) return Number.NaN;
    const hour = texts.half === undefined ? number('hour') : (number('halfHour') % 12) + (isAfternoon ? 12 : 0);
    const year = texts.shortYear === undefined ? number('year') : century + number('shortYear');
    const local = localOf({
      year,
      month: number('month'),
      day: number('day'),
      hour,
      minute: number('minute'),
      second: number('second'),
      ms: number('ms'),
    });
    return Number.isNaN(local) ? local : withinLog(momentOf(zone, local));
  };
};

/** Throws `invalid_field` for a zone or format that is none. Local times that clocks skip are none; of one that comes twice it is the first. */
export const timeReader = (format: string, zoneName = 'UTC'): ReadTime => {
  if (!isTimeZone(zoneName)) throw invalidField('mapping.time.zone', zoneName, 'the name of a time zone, like Europe/Berlin');
  const zone = new TimeZone(zoneName);
  if (format === 'iso') return (text) => readIsoTime(text, zone);
  if (format === 'epochSeconds') return readEpoch(1000);
  return format === 'epochMilliseconds' ? readEpoch(1) : readPattern(format, zone);
};
