export const imeiExpectation = '15 digits';

export const normaliseImei = (text: string): string | undefined => {
  const imei = text.trim();
  return /^[0-9]{15}$/.test(imei) ? imei : undefined;
};

/** Luhn's check digit (3GPP TS 23.003, annex B): every second digit doubled, the sum of all digits ends in 0. */
export const isImeiCheckDigitValid = (imei: string): boolean => {
  let sum = 0;
  for (let i = 0; i < imei.length; i++) {
    const digit = Number(imei[i]) * (i % 2 === 1 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
};
