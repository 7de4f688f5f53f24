import { CallerError, invalidField } from '../../kernel/index.ts';
import { checkNarrowing } from './items.ts';
import type { Grant, GrantCommand, GrantCommandKind, GrantEvent } from './types.ts';

/** Of a grant that is not there yet. */
export type GrantStatus = 'none' | Grant['state'];

/** `event`: it happens. `nothing`: it is so already. `refuse`: it can no longer be. */
type Outcome = 'event' | 'nothing' | 'refuse';

/** What each command does in each state. Ended is for ever. */
export const grantTable: Readonly<Record<GrantStatus, Readonly<Record<GrantCommandKind, Outcome>>>> = {
  none: { give: 'event', narrow: 'refuse', pause: 'refuse', resume: 'refuse', end: 'refuse' },
  active: { give: 'refuse', narrow: 'event', pause: 'event', resume: 'nothing', end: 'event' },
  paused: { give: 'refuse', narrow: 'event', pause: 'nothing', resume: 'event', end: 'event' },
  ended: { give: 'refuse', narrow: 'refuse', pause: 'refuse', resume: 'refuse', end: 'nothing' },
};

const checkTerms = (command: GrantCommand & { readonly kind: 'give' }): void => {
  const { terms, atMs } = command;
  if (terms.items.length === 0) throw invalidField('items', 0, 'at least one item');
  if (terms.untilMs !== null && terms.untilMs <= atMs) throw invalidField('until', terms.untilMs, 'a time after now');
  if (terms.backToMs > atMs) throw invalidField('backDays', terms.backToMs, 'a time that is not after now');
};

const narrow = (grant: Grant, command: GrantCommand & { readonly kind: 'narrow' }): GrantEvent[] => {
  const { atMs, byPersonNo, answer } = command;
  const { items = grant.items, untilMs = grant.untilMs, backToMs = grant.backToMs } = command;
  checkNarrowing(grant.items, items);
  if (untilMs !== null && (untilMs <= atMs || (grant.untilMs !== null && untilMs > grant.untilMs)))
    throw invalidField('until', untilMs, 'a time after now that is not later than before');
  if (backToMs < grant.backToMs) throw invalidField('backTo', backToMs, 'a time that is not earlier than before');
  const isSame =
    JSON.stringify(items) === JSON.stringify(grant.items) && untilMs === grant.untilMs && backToMs === grant.backToMs;
  return isSame ? [] : [{ kind: 'narrowed', atMs, byPersonNo, answer, items, untilMs, backToMs }];
};

const end = (grant: Grant, { atMs, byPersonNo, reason, answer }: GrantCommand & { readonly kind: 'end' }): GrantEvent[] => {
  if (reason !== 'expired') return [{ kind: 'ended', atMs, byPersonNo, reason, answer }];
  // At its moment, however late somebody looks; not before, whatever a timer says.
  if (grant.untilMs === null || grant.untilMs > atMs) return [];
  return [{ kind: 'ended', atMs: grant.untilMs, byPersonNo, reason, answer }];
};

const happen = (grant: Grant | undefined, command: GrantCommand): GrantEvent[] => {
  const { atMs, byPersonNo } = command;
  switch (command.kind) {
    case 'give':
      checkTerms(command);
      return [{ kind: 'given', atMs, byPersonNo, terms: command.terms, answer: command.answer }];
    case 'narrow':
      return narrow(grant as Grant, command);
    case 'pause':
      return [{ kind: 'paused', atMs, byPersonNo, answer: command.answer }];
    case 'resume':
      return [{ kind: 'resumed', atMs, byPersonNo, answer: command.answer }];
    case 'end':
      return end(grant as Grant, command);
  }
};

/** A grant whose time is over has ended, whatever its row says: a timer may be late. */
export const asOf = (grant: Grant, nowMs: number): Grant =>
  grant.state !== 'ended' && grant.untilMs !== null && grant.untilMs <= nowMs
    ? endedGrant(grant, grant.untilMs, 'expired')
    : grant;

const endedGrant = (grant: Grant, atMs: number, endReason: Grant['endReason']): Grant => ({
  ...grant,
  state: 'ended',
  pauses: closePause(grant, atMs),
  endedAtMs: atMs,
  endReason,
});

const closePause = ({ pauses }: Grant, toMs: number): Grant['pauses'] =>
  pauses.map((pause) => (pause.toMs === null ? { ...pause, toMs: Math.max(toMs, pause.fromMs) } : pause));

/**
 * What a command makes happen; nothing when it is so already. A grant is never widened: that takes a new answer, and is a new grant.
 * Throws `not_found` and `grant_ended` for what cannot be any more, `invalid_field` for what would widen.
 */
export const decideGrant = (grant: Grant | undefined, command: GrantCommand): GrantEvent[] => {
  // The end that is due may be written down when it comes; nothing else comes after it.
  const isExpiry = command.kind === 'end' && command.reason === 'expired';
  const current = grant && !isExpiry ? asOf(grant, command.atMs) : grant;
  const status: GrantStatus = current?.state ?? 'none';
  const outcome = grantTable[status][command.kind];
  if (outcome === 'refuse') throw refused(status);
  return outcome === 'event' ? happen(current, command) : [];
};

const refused = (status: GrantStatus): CallerError => {
  if (status === 'none') return new CallerError('not_found', 'there is no such grant');
  if (status === 'ended') return new CallerError('grant_ended', 'this grant has ended');
  return new CallerError('already_exists', 'this grant was given already');
};

/** What a grant is after an event. */
export const evolveGrant = (grant: Grant | undefined, event: GrantEvent): Grant => {
  if (event.kind === 'given') {
    const { terms, atMs } = event;
    const fresh = { state: 'active' as const, givenAtMs: atMs, givenItems: terms.items };
    return { ...terms, ...fresh, pauses: [], endedAtMs: null, endReason: null };
  }
  const known = grant as Grant;
  switch (event.kind) {
    case 'narrowed':
      return { ...known, items: event.items, untilMs: event.untilMs, backToMs: event.backToMs };
    case 'paused':
      return { ...known, state: 'paused', pauses: [...known.pauses, { fromMs: event.atMs, toMs: null }] };
    case 'resumed':
      return { ...known, state: 'active', pauses: closePause(known, event.atMs) };
    case 'ended':
      return endedGrant(known, event.atMs, event.reason);
  }
};

/** A grant out of its whole history, oldest first. */
export const grantOf = (events: readonly GrantEvent[]): Grant | undefined =>
  events.reduce<Grant | undefined>(evolveGrant, undefined);
