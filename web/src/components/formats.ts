import type { SignalValue } from '@milepost/contract';
import { ageOf } from './age.ts';
import { firstDayOfWeek } from './locale.ts';
import { makeScales, metresPerMile, type Scale, type Units } from './units.ts';

/** A value as a person reads it: the figure apart from its unit. */
export interface Presented {
  readonly text: string;
  readonly unit: string;
}

/** ms since 1970, or ISO 8601. */
export type Instant = number | string;

export interface FormatSettings {
  /** BCP 47, with the region whose manner numbers and dates follow: `en-GB`. */
  readonly locale: string;
  readonly units: Units;
  /** IANA name: `Europe/Berlin`. */
  readonly timeZone: string;
}

/** Words for yes, no and nothing come from the caller, who speaks the page's language. */
export interface Words {
  readonly yes: string;
  readonly no: string;
  readonly none: string;
}

interface NumberFormats {
  readonly number: (value: number, digits?: number) => string;
  /** At most this many digits, none of them a needless zero. */
  readonly upTo: (value: number, digitsMax: number) => string;
  /** 1200 as 1.2K, for marks with little room. */
  readonly compact: (value: number) => string;
  readonly percent: (value: number, digits?: number) => Presented;
  /** `bytes` in kB, MB, GB … of 1000. */
  readonly bytes: (value: number) => Presented;
  readonly latLong: (latitude: number, longitude: number, digits?: number) => string;
}

interface QuantityFormats {
  /** How values of a signal are shown, for axes; of a unit that nobody here knows as they are. */
  readonly scale: (path: string, unit: string) => Scale;
  /** A signal's number by its path and the unit of the vocabulary. */
  readonly quantity: (path: string, unit: string, value: number) => Presented;
  /** Any signal's value; durations, flags and lists too. */
  readonly value: (path: string, unit: string, value: SignalValue, words: Words) => Presented;
  /** A way in metres: one digit below a hundred kilometres or miles. */
  readonly distance: (metres: number) => Presented;
  readonly speed: (kmh: number) => Presented;
  readonly energy: (kWh: number) => Presented;
  readonly power: (kW: number) => Presented;
  /** What 100 km take; who counts in miles reads how far a kWh leads. */
  readonly consumption: (kWhPer100Km: number) => Presented;
  readonly pressure: (kPa: number) => Presented;
  readonly temperature: (celsius: number) => Presented;
  readonly weight: (kg: number) => Presented;
}

interface TimeFormats {
  /** 14:05, or 2:05 PM where people say so. */
  readonly time: (at: Instant) => string;
  /** 14:05:09 */
  readonly clock: (at: Instant) => string;
  /** 3 Nov 2026 */
  readonly date: (at: Instant) => string;
  /** Tue, 3 Nov */
  readonly day: (at: Instant) => string;
  /** November 2026 */
  readonly month: (at: Instant) => string;
  /** 3 Nov 2026, 14:05 */
  readonly dateTime: (at: Instant) => string;
  /** 3 Nov 2026, 14:05:09 */
  readonly exact: (at: Instant) => string;
  /** From one time to another, saying once what they share. */
  readonly period: (from: Instant, to: Instant) => string;
  /** 1 h 12 min; the two largest units. */
  readonly duration: (ms: number) => string;
  /** How long ago, in one unit: 12 s, 4 h. */
  readonly age: (at: Instant, nowMs: number) => string;
}

/** Everything a page writes that is not a sentence, in a person's language, units and time zone. */
export interface Formats extends NumberFormats, QuantityFormats, TimeFormats {
  readonly settings: FormatSettings;
  /** 1 Monday … 7 Sunday. */
  readonly firstDayOfWeek: number;
  /** The figure and its unit as one text, for labels. */
  readonly join: (presented: Presented) => string;
  /** Orders names as the language does, and VAN 9 before VAN 10. */
  readonly compare: (a: string, b: string) => number;
  /** a, b and c */
  readonly list: (names: readonly string[]) => string;
}

/** Made when it is needed first: those of Intl take a millisecond each, and a page needs few of them. */
const lazy = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const noBreakSpace = '\u00a0';
const joinPresented = ({ text, unit }: Presented): string => {
  if (unit === '') return text;
  return unit === '°' ? `${text}${unit}` : `${text}${noBreakSpace}${unit}`;
};

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

const makeNumbers = (locale: string): NumberFormats => {
  const made = new Map<string, Intl.NumberFormat>();
  const format = (min: number, max: number): Intl.NumberFormat => {
    const key = `${min}.${max}`;
    const known = made.get(key);
    if (known) return known;
    // Rounded to nothing is no "-0".
    const options = {
      minimumFractionDigits: min,
      maximumFractionDigits: max,
      signDisplay: 'negative',
    } as Intl.NumberFormatOptions;
    const format_ = new Intl.NumberFormat(locale, options);
    made.set(key, format_);
    return format_;
  };
  const compact = lazy(() => new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }));
  const number = (value: number, digits = 0): string => format(digits, digits).format(value);
  return {
    number,
    upTo: (value, digitsMax) => format(0, digitsMax).format(value),
    compact: (value) => compact().format(value),
    percent: (value, digits = 0) => ({ text: number(value, digits), unit: '%' }),
    bytes: (value) => {
      const step = Math.min(byteUnits.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, Math.abs(value))) / 3)));
      const scaled = value / 1000 ** step;
      return { text: number(scaled, step > 0 && Math.abs(scaled) < 100 ? 1 : 0), unit: byteUnits[step] as string };
    },
    // A comma that separates and one that is the decimal point would be one too many.
    latLong: (latitude, longitude, digits = 5) => {
      const [a, b] = [number(latitude, digits), number(longitude, digits)];
      return a.includes(',') || b.includes(',') ? `${a}; ${b}` : `${a}, ${b}`;
    },
  };
};

const makeQuantities = (units: Units, { number, upTo }: NumberFormats, duration: (ms: number) => string): QuantityFormats => {
  const scaleOf = makeScales(units);
  const of = (scale: Scale, value: number, digits = scale.digits): Presented => ({
    text: number(scale.toShown(value), digits),
    unit: scale.unit,
  });
  const quantity = (path: string, unit: string, value: number): Presented => {
    if (unit === 's') return { text: duration(value * 1000), unit: '' };
    const scale = scaleOf(path, unit);
    return scale ? of(scale, value) : { text: upTo(value, 2), unit };
  };
  return {
    scale: (path, unit) => scaleOf(path, unit) ?? { unit, digits: 2, toShown: (value) => value },
    quantity,
    value: (path, unit, value, words) => {
      if (typeof value === 'number') return quantity(path, unit, value);
      if (typeof value === 'boolean') return { text: value ? words.yes : words.no, unit: '' };
      if (typeof value === 'string') return { text: value === '' ? words.none : value, unit: '' };
      return { text: value.length === 0 ? words.none : value.join(', '), unit: '' };
    },
    distance: (metres) => {
      const shown = quantity('', 'm', metres);
      const scale = scaleOf('', 'm');
      return scale && Math.abs(scale.toShown(metres)) < 99.95 ? of(scale, metres, 1) : shown;
    },
    speed: (kmh) => quantity('', 'km/h', kmh),
    energy: (kWh) => quantity('', 'kWh', kWh),
    power: (kW) => quantity('', 'kW', kW),
    consumption: (kWhPer100Km) =>
      units.distance === 'km'
        ? { text: number(kWhPer100Km, 1), unit: 'kWh/100 km' }
        : { text: kWhPer100Km > 0 ? number(100_000 / metresPerMile / kWhPer100Km, 1) : '–', unit: 'mi/kWh' },
    pressure: (kPa) => quantity('', 'kPa', kPa),
    temperature: (celsius) => quantity('', 'Celsius', celsius),
    weight: (kg) => quantity('', 'kg', kg),
  };
};

const ageUnits = { seconds: 's', minutes: 'min', hours: 'h', days: 'd' } as const;

const makeDuration = (number: NumberFormats['number']) => {
  // The symbols of SI and what is used with it: the same in every language.
  const pair = (count: number, unit: string, rest: number, restUnit: string): string =>
    rest === 0 ? `${number(count)} ${unit}` : `${number(count)} ${unit} ${number(rest)} ${restUnit}`;
  return (ms: number): string => {
    const seconds = Math.round(Math.max(0, ms) / 1000);
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 600) return pair(Math.floor(seconds / 60), 'min', seconds % 60, 's');
    const minutes = Math.round(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
    const hours = Math.round(minutes / 60);
    return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
  };
};

const instantMs = (at: Instant): number => (typeof at === 'number' ? at : Date.parse(at));

const makeTimes = (settings: FormatSettings, { number }: NumberFormats): TimeFormats => {
  const dates = (options: Intl.DateTimeFormatOptions): (() => Intl.DateTimeFormat) =>
    lazy(() => new Intl.DateTimeFormat(settings.locale, { timeZone: settings.timeZone, ...options }));
  const day = { day: 'numeric', month: 'short' } as const;
  const minute = { hour: 'numeric', minute: '2-digit' } as const;
  const time = dates(minute);
  const clock = dates({ ...minute, second: '2-digit' });
  const date = dates({ ...day, year: 'numeric' });
  const weekday = dates({ ...day, weekday: 'short' });
  const month = dates({ month: 'long', year: 'numeric' });
  const dateTime = dates({ ...day, year: 'numeric', ...minute });
  const exact = dates({ ...day, year: 'numeric', ...minute, second: '2-digit' });
  return {
    time: (at) => time().format(instantMs(at)),
    clock: (at) => clock().format(instantMs(at)),
    date: (at) => date().format(instantMs(at)),
    day: (at) => weekday().format(instantMs(at)),
    month: (at) => month().format(instantMs(at)),
    dateTime: (at) => dateTime().format(instantMs(at)),
    exact: (at) => exact().format(instantMs(at)),
    period: (from, to) => dateTime().formatRange(instantMs(from), instantMs(to)),
    duration: makeDuration(number),
    age: (at, nowMs) => {
      const { count, unit } = ageOf(instantMs(at), nowMs);
      return `${number(count)} ${ageUnits[unit]}`;
    },
  };
};

/** Pure: the same settings give the same texts. */
export const makeFormats = (settings: FormatSettings): Formats => {
  const { locale, units } = settings;
  const numbers = makeNumbers(locale);
  const times = makeTimes(settings, numbers);
  const collator = lazy(() => new Intl.Collator(locale, { numeric: true }));
  const lists = lazy(() => new Intl.ListFormat(locale, { type: 'conjunction' }));
  return {
    settings,
    ...numbers,
    ...times,
    ...makeQuantities(units, numbers, times.duration),
    get firstDayOfWeek() {
      return firstDayOfWeek(locale);
    },
    join: joinPresented,
    compare: (a, b) => collator().compare(a, b),
    list: (names) => lists().format(names),
  };
};
