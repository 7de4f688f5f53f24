import { createHash } from 'node:crypto';
import type { GrantFeedEvent } from '@milepost/contract/api';
import type { Storage } from '../storage/index.ts';
import { feedLimits } from './limits.ts';
import type { FeedPosition } from './position.ts';
import { readGrantEvents, type WrittenEvent } from './store.ts';

type Position = FeedPosition['grants'];

export interface GrantEvents {
  readonly events: readonly WrittenEvent[];
  readonly position: Position;
  /** There may be more. */
  readonly isAtEnd: boolean;
}

/** What was written of an app's grants since a position. */
export const grantEventsSince = async (storage: Storage, appNo: number, { writtenMs, told }: Position): Promise<GrantEvents> => {
  const known = new Set(told);
  const found = await readGrantEvents(storage, appNo, writtenMs);
  const fresh = found.filter(({ eventNo }) => !known.has(eventNo));
  const events = fresh.slice(0, feedLimits.grantEventsPerPage);
  const newestMs = Math.max(writtenMs, ...events.map((event) => event.writtenMs));
  const named = found
    .filter(
      ({ eventNo, writtenMs: at }) =>
        at > newestMs - feedLimits.writtenLateMs && (known.has(eventNo) || events.some((one) => one.eventNo === eventNo)),
    )
    .map(({ eventNo }) => eventNo)
    .slice(-feedLimits.toldEventsMax);
  return { events, position: { writtenMs: newestMs, told: named }, isAtEnd: events.length === fresh.length };
};

const reasonOf = ({ event }: WrittenEvent): GrantFeedEvent['reason'] => {
  if (event.kind !== 'ended') return undefined;
  // Why it was taken back is the owner's own business.
  return event.reason === 'expired' || event.reason === 'replaced' ? event.reason : 'revoked';
};

const idOf = (grantId: string, eventNo: number): string =>
  `evt_${createHash('sha256').update(`${grantId}:${eventNo}`).digest('hex').slice(0, 24)}`;

/** As an app is told of it. */
export const grantEventView = (written: WrittenEvent, vehicle: string): GrantFeedEvent => {
  const { grantId, eventNo, event, grant } = written;
  const reason = reasonOf(written);
  const terms = event.kind === 'given' ? event.terms : event.kind === 'narrowed' ? event : grant;
  const { items, untilMs } = terms;
  return {
    id: idOf(grantId, eventNo),
    type: `grant.${event.kind}`,
    time: new Date(event.atMs).toISOString(),
    vehicle,
    grant: {
      id: grantId,
      purpose: grant.purpose,
      items: [...items],
      until: untilMs === null ? null : new Date(untilMs).toISOString(),
    },
    ...(reason === undefined ? {} : { reason }),
  };
};
