/** The units that a person reads, chosen or by where they live. */
export interface Units {
  readonly distance: 'km' | 'mi';
  readonly pressure: 'kPa' | 'bar' | 'psi';
  readonly temperature: 'C' | 'F';
  readonly weight: 'kg' | 'lb';
}

export const unitChoices: { readonly [K in keyof Units]: readonly Units[K][] } = {
  distance: ['km', 'mi'],
  pressure: ['bar', 'kPa', 'psi'],
  temperature: ['C', 'F'],
  weight: ['kg', 'lb'],
};
export type UnitKind = keyof Units;

const metric: Units = { distance: 'km', pressure: 'bar', temperature: 'C', weight: 'kg' };

/** What roads and tire gauges say in a region (ISO 3166-1), after CLDR's measurement systems. Unknown regions are metric. */
export const unitsOfRegion = (region: string | undefined): Units => {
  if (region === 'US') return { distance: 'mi', pressure: 'psi', temperature: 'F', weight: 'lb' };
  if (region === 'GB') return { ...metric, distance: 'mi', pressure: 'psi' };
  return metric;
};

/** How a stored value becomes the shown one. */
export interface Scale {
  readonly unit: string;
  readonly digits: number;
  toShown(value: number): number;
}

const times = (unit: string, digits: number, factor: number): Scale => ({ unit, digits, toShown: (value) => value * factor });

/** International yard and pound (1959): 1 mi = 1609.344 m, 1 lb = 0.45359237 kg; 1 psi = 1 lbf/in² = 6.894757 kPa. */
export const metresPerMile = 1609.344;
const kilometresPerMile = metresPerMile / 1000;
const metresPerFoot = 0.3048;
const kilogramsPerPound = 0.45359237;
const kilopascalsPerPsi = 6.894757;

/** What is the same wherever one lives. */
const everywhere: Readonly<Record<string, Scale>> = {
  percent: times('%', 0, 1),
  kWh: times('kWh', 1, 1),
  kW: times('kW', 1, 1),
  degrees: times('°', 0, 1),
  V: times('V', 1, 1),
  A: times('A', 1, 1),
  W: times('kW', 1, 0.001),
  s: times('min', 0, 1 / 60),
  'm/s^2': times('m/s²', 1, 1),
  dBm: times('dBm', 0, 1),
};

const pressures: Readonly<Record<Units['pressure'], Scale>> = {
  kPa: times('kPa', 0, 1),
  bar: times('bar', 1, 0.01),
  psi: times('psi', 0, 1 / kilopascalsPerPsi),
};

/** Heights and errors of a position are no journeys: metres or feet. */
const shortLengths = new Set(['Vehicle.CurrentLocation.Altitude', 'Vehicle.CurrentLocation.HorizontalAccuracy']);
const coordinates = new Set(['Vehicle.CurrentLocation.Latitude', 'Vehicle.CurrentLocation.Longitude']);

export type ScaleOf = (path: string, unit: string) => Scale | undefined;

/** Finds the scale of a signal by its path and the unit it is stored in; undefined for units that nobody here knows. */
export const makeScales = ({ distance, pressure, temperature, weight }: Units): ScaleOf => {
  const inMiles = distance === 'mi';
  const short = inMiles ? times('ft', 0, 1 / metresPerFoot) : times('m', 0, 1);
  const byUnit: Readonly<Record<string, Scale>> = {
    ...everywhere,
    'km/h': inMiles ? times('mph', 0, 1 / kilometresPerMile) : times('km/h', 0, 1),
    m: inMiles ? times('mi', 0, 1 / metresPerMile) : times('km', 0, 0.001),
    km: inMiles ? times('mi', 0, 1 / kilometresPerMile) : times('km', 0, 1),
    kPa: pressures[pressure],
    kg: weight === 'lb' ? times('lb', 0, 1 / kilogramsPerPound) : times('kg', 0, 1),
    Celsius: temperature === 'F' ? { unit: '°F', digits: 0, toShown: (value) => value * 1.8 + 32 } : { ...times('°C', 1, 1) },
  };
  return (path, unit) => {
    if (shortLengths.has(path)) return short;
    if (coordinates.has(path)) return times('°', 5, 1);
    return Object.hasOwn(byUnit, unit) ? byUnit[unit] : undefined;
  };
};
