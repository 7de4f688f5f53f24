import type { ImportMapping } from '@milepost/contract/api';
import type { Preview } from './preview.ts';

/** A column of the file as the form has it; no signal: it is passed over. */
export interface ColumnChoice {
  readonly signal: string;
  readonly unit: string;
}

/** What the form says of a CSV file. */
export interface MappingDraft {
  readonly time: string;
  /** A time of day in a column of its own; empty: there is none. */
  readonly timeOfDay: string;
  readonly format: string;
  readonly zone: string;
  readonly decimal: 'point' | 'comma';
  /** By column of the file. */
  readonly columns: readonly ColumnChoice[];
}

const battery = 'Vehicle.Powertrain.TractionBattery';
/** What columns are often called, in several languages; the first that fits. */
const names: readonly (readonly [pattern: RegExp, signal: string])[] = [
  [/^lat(itude)?\b|^latitud\b|^breite/i, 'Vehicle.CurrentLocation.Latitude'],
  [/^(lon|lng|long)(gitude)?\b|^longitud\b|^länge/i, 'Vehicle.CurrentLocation.Longitude'],
  [/alt(itude)?\b|elevation|^ele\b|höhe|altitud/i, 'Vehicle.CurrentLocation.Altitude'],
  [/heading|course|bearing|rumbo|kurs/i, 'Vehicle.CurrentLocation.Heading'],
  [/speed|velocidad|geschwindigkeit|tempo/i, 'Vehicle.Speed'],
  [/odometer|mileage|kilometerstand|cuentakil|odómetro/i, 'Vehicle.TraveledDistance'],
  [/state.?of.?charge|\bsoc\b|battery.*(%|level)|batterie|batería/i, `${battery}.StateOfCharge.Displayed`],
  [/range|reichweite|autonom/i, `${battery}.Range`],
];
const timeName = /time|date|datum|zeit|fecha|hora/i;

const unitWords: readonly (readonly [pattern: RegExp, unit: string])[] = [
  [/\bmph\b/i, 'mph'],
  [/\bm\/s\b/i, 'm/s'],
  [/\bkn(ots)?\b/i, 'kn'],
  [/km\/h|kmh/i, 'km/h'],
  [/\bkm\b/i, 'km'],
  [/\bmi(les)?\b/i, 'mi'],
  [/\bft\b/i, 'ft'],
  [/\bpsi\b/i, 'psi'],
  [/\bbar\b/i, 'bar'],
];

const digitsOf = (text: string): number => (/^\d+$/.test(text.trim()) ? text.trim().length : 0);

/** How times are written, by the first of them. */
const formatOf = (example: string): string => {
  const digits = digitsOf(example);
  if (digits >= 12) return 'epochMilliseconds';
  if (digits >= 9) return 'epochSeconds';
  return /^\d{4}-\d{2}-\d{2}([T ]|$)/.test(example) ? 'iso' : 'dd.MM.yyyy HH:mm:ss';
};

/** What the columns seem to be: a beginning, which a person looks at. `unitsOf`: the units that numbers of a signal may have. */
export const guessMapping = (
  { columns, rows }: Preview,
  zone: string,
  unitsOf: (signal: string) => readonly string[],
): MappingDraft => {
  const time = columns.findIndex((name) => timeName.test(name));
  const taken = new Set<string>();
  const choices = columns.map((name, n): ColumnChoice => {
    const signal = n === time ? undefined : names.find(([pattern, path]) => pattern.test(name) && !taken.has(path))?.[1];
    if (signal === undefined) return { signal: '', unit: '' };
    taken.add(signal);
    const units = unitsOf(signal);
    const named = unitWords.find(([pattern, unit]) => pattern.test(name) && units.includes(unit))?.[1];
    return { signal, unit: named ?? units[0] ?? '' };
  });
  const cells = rows.flat().filter((cell) => /^-?\d+[.,]\d+$/.test(cell.trim()));
  return {
    time: columns[time] ?? columns[0] ?? '',
    timeOfDay: '',
    format: formatOf(rows[0]?.[Math.max(0, time)] ?? ''),
    zone,
    decimal: cells.length > 0 && cells.every((cell) => cell.includes(',')) ? 'comma' : 'point',
    columns: choices,
  };
};

/** As the API takes it; undefined: no column is mapped yet. */
export const mappingOf = (draft: MappingDraft, columns: readonly string[]): ImportMapping | undefined => {
  const mapped = columns.flatMap((column, n) => {
    const { signal = '', unit = '' } = draft.columns[n] ?? {};
    return signal === '' ? [] : [{ column, signal, ...(unit === '' ? {} : { unit }) }];
  });
  if (mapped.length === 0 || draft.time === '' || draft.format.trim() === '') return undefined;
  return {
    time: {
      columns: draft.timeOfDay === '' ? [draft.time] : [draft.time, draft.timeOfDay],
      format: draft.format.trim(),
      zone: draft.zone,
    },
    decimal: draft.decimal,
    columns: mapped,
  };
};
