/** How a number in another unit becomes one in the unit of a signal: number × factor + offset. */
export interface UnitConversion {
  readonly unit: string;
  readonly factor: number;
  readonly offset: number;
}

const by = (unit: string, factor: number, offset = 0): UnitConversion => ({ unit, factor, offset });

// Exact by definition: the international mile, foot and pound (1959), the nautical mile (1929), standard gravity (CGPM 1901). psi and
// mechanical horsepower follow from them.
const mileM = 1609.344;
const poundKg = 0.453_592_37;
const footM = 0.3048;
const gravityMs2 = 9.806_65;
const poundForceN = poundKg * gravityMs2;
const psiKpa = poundForceN / (footM / 12) ** 2 / 1000;
const horsepowerKw = (550 * footM * poundForceN) / 1000;

/** By the unit of the vocabulary: what a file may have its numbers in. The first is the unit itself. */
const conversions: Readonly<Record<string, readonly UnitConversion[]>> = {
  'km/h': [by('km/h', 1), by('m/s', 3.6), by('mph', mileM / 1000), by('kn', 1.852)],
  m: [by('m', 1), by('km', 1000), by('mi', mileM), by('ft', footM)],
  km: [by('km', 1), by('m', 0.001), by('mi', mileM / 1000)],
  kPa: [by('kPa', 1), by('bar', 100), by('psi', psiKpa), by('mbar', 0.1), by('Pa', 0.001)],
  Celsius: [by('°C', 1), by('°F', 5 / 9, -160 / 9), by('K', 1, -273.15)],
  kWh: [by('kWh', 1), by('Wh', 0.001), by('MJ', 1 / 3.6)],
  kW: [by('kW', 1), by('W', 0.001), by('hp', horsepowerKw)],
  W: [by('W', 1), by('kW', 1000)],
  percent: [by('%', 1), by('ratio', 100)],
  kg: [by('kg', 1), by('t', 1000), by('lb', poundKg)],
  s: [by('s', 1), by('ms', 0.001), by('min', 60), by('h', 3600)],
  V: [by('V', 1), by('mV', 0.001)],
  A: [by('A', 1), by('mA', 0.001)],
  'm/s^2': [by('m/s²', 1), by('g', gravityMs2)],
};

/** Units in which numbers of a signal may be given, its own first. A signal without a unit has one without a name. */
export const unitConversions = (unit: string): readonly UnitConversion[] => conversions[unit] ?? [by(unit, 1)];
