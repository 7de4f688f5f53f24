/** Letters by value from 1 up; a dot is a gap. ISO 3779, 49 CFR 565.15: I, O and Q are not used, being like 1 and 0. */
const letterRows = ['ABCDEFGH', 'JKLMN.P.R', '.STUVWXYZ'] as const;
const letterValues: ReadonlyMap<string, number> = new Map(
  letterRows.flatMap((row) => Array.from(row, (letter, i): [string, number] => [letter, i + 1])),
);
const placeWeights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2] as const;
const checkDigitPlace = 8;

export const vinExpectation = '17 letters and digits without I, O and Q';

/** Upper case without surrounding space; undefined when it cannot be a VIN. */
export const normaliseVin = (text: string): string | undefined => {
  const vin = text.trim().toUpperCase();
  return /^[A-HJ-NPR-Z0-9]{17}$/.test(vin) ? vin : undefined;
};

/** Whether the ninth character is the check digit of the others. Obligatory in North America and China only. */
export const isVinCheckDigitValid = (vin: string): boolean => {
  let sum = 0;
  for (let i = 0; i < placeWeights.length; i++) {
    const character = vin[i] as string;
    sum += (letterValues.get(character) ?? Number(character)) * (placeWeights[i] as number);
  }
  const digit = sum % 11;
  return vin[checkDigitPlace] === (digit === 10 ? 'X' : String(digit));
};
