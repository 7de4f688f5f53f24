import { type WarningDetail, warningCodesToldMax } from '@milepost/contract';

const addsTo = <T>(known: readonly T[] | undefined, now: readonly T[] | undefined): boolean =>
  now !== undefined && now.some((one) => !known?.includes(one));

/** Whether a warning is about more than it was: a wheel or a code that is new to it, or more codes. Figures of weight do not count. */
export const growsBy = (known: WarningDetail, now: WarningDetail): boolean =>
  addsTo(known.wheels, now.wheels) ||
  ((known.codes?.length ?? 0) < warningCodesToldMax && addsTo(known.codes, now.codes)) ||
  (known.codes === undefined && (now.codeCount ?? 0) > (known.codeCount ?? 0));

const union = <T>(known: readonly T[] = [], now: readonly T[] = []): T[] => [...new Set([...known, ...now])];

/** All that a warning was about since it was raised. */
export const joinDetails = (known: WarningDetail, now: WarningDetail): WarningDetail => ({
  ...known,
  ...(now.wheels ? { wheels: union(known.wheels, now.wheels).sort((a, b) => a - b) } : {}),
  ...(now.codes ? { codes: union(known.codes, now.codes).slice(0, warningCodesToldMax) } : {}),
  ...(now.codeCount === undefined ? {} : { codeCount: Math.max(known.codeCount ?? 0, now.codeCount) }),
});
