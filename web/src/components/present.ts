import type { SignalValue } from '@milepost/contract';
import type { Presented, Words } from './formats.ts';
import { useFormats } from './use-formats.ts';

export type { Presented } from './formats.ts';

// Short ways to the person's formats for who needs no more than these; `useFormats()` has all of them.
const formats = useFormats();

export const presentNumber = (value: number, digits: number): string => formats.value.number(value, digits);

export const presentQuantity = (path: string, unit: string, value: number): Presented =>
  formats.value.quantity(path, unit, value);

export const presentValue = (path: string, unit: string, value: SignalValue, words: Words): Presented =>
  formats.value.value(path, unit, value, words);
