import { type CallerError, invalidField } from '../kernel/index.ts';
import { ingestLimits } from './limits.ts';
import type { Report, ReportSequence } from './types.ts';

const isWithin = (value: unknown, max: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;

/** boot and seq of a report: both or neither. */
export const readSequence = (report: Report): ReportSequence | undefined => {
  const { boot, seq } = report;
  if (boot === undefined && seq === undefined) return undefined;
  if (!isWithin(boot, ingestLimits.bootMax)) throw wrongNumber('boot', boot, ingestLimits.bootMax);
  if (!isWithin(seq, ingestLimits.seqMax)) throw wrongNumber('seq', seq, ingestLimits.seqMax);
  return { boot, seq };
};

const wrongNumber = (field: string, value: unknown, max: number): CallerError =>
  invalidField(field, value, `a whole number from 0 to ${max}; boot and seq come together`);
