import { createHash } from 'node:crypto';
import type { GrantFeedEvent } from '@milepost/contract/api';
import type { WrittenEvent } from './store.ts';

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
