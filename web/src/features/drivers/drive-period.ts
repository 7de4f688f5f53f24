import type { RouteBody } from '@milepost/contract/api';
import { fromLocalField } from '../../components/period.ts';

/** How the beginning of an assignment is said: with the request, as far back as anything is known, or at a time. */
export const startWords = ['now', 'ever', 'at'] as const;
export type StartWord = (typeof startWords)[number];
export const endWords = ['open', 'at'] as const;
export type EndWord = (typeof endWords)[number];

/** As the fields hold it: times are those of the browser's own field, in the person's time zone. */
export interface PeriodFields {
  readonly start: StartWord;
  readonly startAt: string;
  readonly end: EndWord;
  readonly endAt: string;
}

/** What to ask for; undefined: a time is missing, or the end is not after the start. */
export const periodAsked = (
  { start, startAt, end, endAt }: PeriodFields,
  timeZone: string,
): Pick<RouteBody<'assignDriver'>, 'from' | 'to'> | undefined => {
  const [from, to] = [fromLocalField(startAt, timeZone), fromLocalField(endAt, timeZone)];
  if ((start === 'at' && from === '') || (end === 'at' && to === '')) return undefined;
  if (start === 'at' && end === 'at' && Date.parse(to) <= Date.parse(from)) return undefined;
  return {
    ...(start === 'now' ? {} : { from: start === 'ever' ? null : from }),
    ...(end === 'open' ? {} : { to }),
  };
};
