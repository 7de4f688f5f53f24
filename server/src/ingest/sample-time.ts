import { timeMsMax } from '../events/index.ts';

const isoPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/;

/** ms since the epoch of a time as devices give it: ms as a number, or ISO 8601 with its zone; NaN when it is neither. */
export const readSampleTime = (time: unknown): number => {
  if (typeof time === 'number') return time >= 0 && time <= timeMsMax ? Math.round(time) : Number.NaN;
  if (typeof time !== 'string' || !isoPattern.test(time)) return Number.NaN;
  const ms = Date.parse(time);
  return ms >= 0 && ms <= timeMsMax ? ms : Number.NaN;
};
