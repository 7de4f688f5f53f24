const letterRows = ['ABCDEFGH', 'JKLMN.P.R', '.STUVWXYZ'] as const;
const placeWeights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2] as const;

const valueOf = (character: string): number => {
  for (const row of letterRows) if (row.includes(character)) return row.indexOf(character) + 1;
  return Number(character);
};

/**
 * A VIN of 17 characters with its check digit (ISO 3779, 49 CFR 565.15).
 *
 * @param front the first eight characters
 * @param back the last eight
 */
export const makeVin = (front: string, back: string): string => {
  const characters = `${front}0${back}`;
  const sum = placeWeights.reduce<number>((total, weight, i) => total + weight * valueOf(characters.charAt(i)), 0);
  return `${front}${sum % 11 === 10 ? 'X' : sum % 11}${back}`;
};

/** An IMEI of 15 digits with Luhn's check digit. @param body the first 14 digits */
export const makeImei = (body: string): string => {
  let sum = 0;
  for (let i = 0; i < body.length; i++) {
    const digit = Number(body[i]) * (i % 2 === 1 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return `${body}${(10 - (sum % 10)) % 10}`;
};
