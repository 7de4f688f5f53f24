import { invalidField } from '../../kernel/index.ts';
import { checkCustomer, checkText, checkTime } from '../check-input.ts';
import type { DriverChanges, DriverPeriod, NewDriver } from './types.ts';

const numberLengthMax = 64;

/** null and an empty text: none. */
export const checkNumber = (value: unknown): string | null =>
  value === undefined || value === null || value === '' ? null : checkText('number', value, numberLengthMax);

export const checkName = (value: unknown): string => checkText('name', value);

export interface DriverFields {
  readonly name: string;
  readonly number: string | null;
  readonly customer: string;
}

export const checkNewDriver = ({ name, number, customer }: NewDriver): DriverFields => ({
  name: checkName(name),
  number: checkNumber(number),
  customer: checkCustomer(customer),
});

export const checkDriverChanges = ({ name, number, customer }: DriverChanges): Partial<DriverFields> => ({
  ...(name === undefined ? {} : { name: checkName(name) }),
  ...(number === undefined ? {} : { number: checkNumber(number) }),
  ...(customer === undefined ? {} : { customer: checkCustomer(customer) }),
});

/** An end that is open needs no check. */
export const checkPeriod = ({ fromMs, toMs }: DriverPeriod): DriverPeriod => {
  if (Number.isFinite(fromMs)) checkTime('from', fromMs);
  if (Number.isFinite(toMs)) checkTime('to', toMs);
  if (!(fromMs < toMs)) throw invalidField('to', toMs, 'a time after from');
  return { fromMs, toMs };
};

/** A private period begins in the past or now, and ends there, or when it is ended. */
export const checkPrivatePeriod = (period: DriverPeriod, nowMs: number): DriverPeriod => {
  const { fromMs, toMs } = period;
  checkTime('from', fromMs);
  if (fromMs > nowMs) throw invalidField('from', fromMs, 'a time that is not after now');
  if (Number.isFinite(toMs) && toMs > nowMs) throw invalidField('to', toMs, 'a time that is not after now, or none');
  return checkPeriod(period);
};
