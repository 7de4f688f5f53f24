const digit = (): number => Math.floor(Math.random() * 10);

/** The last digit of an IMEI makes the sum of all, with every second one doubled, a multiple of ten (ISO/IEC 7812, Luhn). */
const withLuhnDigit = (digits: readonly number[]): string => {
  const sum = digits.reduce((total, value, index) => {
    const counted = index % 2 === 1 ? value * 2 : value;
    return total + (counted > 9 ? counted - 9 : counted);
  }, 0);
  return digits.join('') + ((10 - (sum % 10)) % 10);
};

export interface Example {
  readonly vin: string;
  readonly imei: string;
  readonly plate: string;
  readonly model: string;
  readonly customer: string;
}

/** A vehicle to try with. VIN and IMEI are made up: the IMEI from the range 00-1 that is for tests, the VIN without a real maker. */
export const makeExample = (): Example => ({
  vin: `0ZZMLP0ST0${Array.from({ length: 7 }, digit).join('')}`,
  imei: withLuhnDigit([0, 0, 1, ...Array.from({ length: 11 }, digit)]),
  plate: 'FIRST-1',
  model: 'Example',
  customer: 'Example',
});
