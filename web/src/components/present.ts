import type { SignalValue } from '@milepost/contract';

/** A value as a person reads it: the figure apart from its unit. */
export interface Presented {
  readonly text: string;
  readonly unit: string;
}

interface Shown {
  readonly unit: string;
  readonly factor: number;
  readonly digits: number;
}

/** How a unit of the vocabulary is shown. What is missing here is shown as it is. */
export const shownUnits: Readonly<Record<string, Shown>> = {
  'km/h': { unit: 'km/h', factor: 1, digits: 0 },
  percent: { unit: '%', factor: 1, digits: 0 },
  m: { unit: 'km', factor: 0.001, digits: 0 },
  kPa: { unit: 'bar', factor: 0.01, digits: 1 },
  kg: { unit: 'kg', factor: 1, digits: 0 },
  kWh: { unit: 'kWh', factor: 1, digits: 1 },
  kW: { unit: 'kW', factor: 1, digits: 1 },
  Celsius: { unit: '°C', factor: 1, digits: 1 },
  degrees: { unit: '°', factor: 1, digits: 0 },
  V: { unit: 'V', factor: 1, digits: 1 },
  A: { unit: 'A', factor: 1, digits: 1 },
  W: { unit: 'kW', factor: 0.001, digits: 1 },
  s: { unit: 'min', factor: 1 / 60, digits: 0 },
  km: { unit: 'km', factor: 1, digits: 0 },
  'm/s^2': { unit: 'm/s²', factor: 1, digits: 1 },
  dBm: { unit: 'dBm', factor: 1, digits: 0 },
};

/** Signals whose unit alone does not say how they are read. */
const byPath: Readonly<Record<string, Shown>> = {
  'Vehicle.CurrentLocation.Latitude': { unit: '°', factor: 1, digits: 5 },
  'Vehicle.CurrentLocation.Longitude': { unit: '°', factor: 1, digits: 5 },
  'Vehicle.CurrentLocation.Altitude': { unit: 'm', factor: 1, digits: 0 },
  'Vehicle.CurrentLocation.HorizontalAccuracy': { unit: 'm', factor: 1, digits: 0 },
};

export const presentNumber = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const presentQuantity = (path: string, unit: string, value: number): Presented => {
  const shown = byPath[path] ?? shownUnits[unit];
  if (!shown) return { text: value.toLocaleString('en', { maximumFractionDigits: 2 }), unit };
  return { text: presentNumber(value * shown.factor, shown.digits), unit: shown.unit };
};

/** Words for yes, no and nothing come from the caller, who speaks the page's language. */
export const presentValue = (
  path: string,
  unit: string,
  value: SignalValue,
  words: { yes: string; no: string; none: string },
): Presented => {
  if (typeof value === 'number') return presentQuantity(path, unit, value);
  if (typeof value === 'boolean') return { text: value ? words.yes : words.no, unit: '' };
  if (typeof value === 'string') return { text: value === '' ? words.none : value, unit: '' };
  return { text: value.length === 0 ? words.none : value.join(', '), unit: '' };
};
