import type { WarningDetail } from '@milepost/contract';
import { growsBy, joinDetails } from './warning-details.ts';
import { warningLimits } from './limits.ts';

/** What is known of one code of one vehicle. Times with `at` are sample times, those with `since` are of the server's clock, ms. */
export type WarningState =
  | { readonly phase: 'none' }
  | { readonly phase: 'active'; readonly raisedAtMs: number; readonly detail: WarningDetail }
  /** No longer seen, but not for long enough to be over. */
  | {
      readonly phase: 'clearing';
      readonly raisedAtMs: number;
      readonly detail: WarningDetail;
      readonly clearedAtMs: number;
      readonly sinceMs: number;
    }
  | { readonly phase: 'ended'; readonly raisedAtMs: number; readonly detail: WarningDetail; readonly sinceMs: number };

/** What the latest values say now. */
export interface WarningSight {
  /** Undefined: it is not active. */
  readonly detail: WarningDetail | undefined;
  /** Sample time of the value that says so. */
  readonly atMs: number;
  readonly nowMs: number;
}

/** `clearing` and `steadied` are not stored: after a restart the time until the end begins anew. */
export type WarningEvent =
  | { readonly type: 'raised'; readonly atMs: number; readonly detail: WarningDetail; readonly rings: boolean }
  | { readonly type: 'grown'; readonly detail: WarningDetail; readonly rings: boolean }
  | { readonly type: 'returned' }
  | { readonly type: 'clearing'; readonly atMs: number; readonly sinceMs: number }
  | { readonly type: 'steadied' }
  | { readonly type: 'ended'; readonly atMs: number; readonly sinceMs: number };

type Phase = WarningState['phase'];
type Of<P extends Phase> = Extract<WarningState, { phase: P }>;

/** Nobody is told of what is old when it is found: after a long silence, or when a log is read anew. */
const isNews = ({ atMs, nowMs }: WarningSight): boolean => nowMs - atMs <= warningLimits.ringWithinMs;

const raise = (sight: WarningSight): WarningEvent[] => [
  { type: 'raised', atMs: sight.atMs, detail: sight.detail ?? {}, rings: isNews(sight) },
];

const grow = (known: WarningDetail, sight: WarningSight): WarningEvent[] =>
  sight.detail && growsBy(known, sight.detail)
    ? [{ type: 'grown', detail: joinDetails(known, sight.detail), rings: isNews(sight) }]
    : [];

const deciders: { readonly [P in Phase]: (state: Of<P>, sight: WarningSight) => WarningEvent[] } = {
  none: (_state, sight) => (sight.detail ? raise(sight) : []),
  active: (state, sight) =>
    sight.detail ? grow(state.detail, sight) : [{ type: 'clearing', atMs: sight.atMs, sinceMs: sight.nowMs }],
  clearing: (state, sight) => {
    if (sight.detail) return [{ type: 'steadied' }, ...grow(state.detail, sight)];
    if (sight.nowMs - state.sinceMs < warningLimits.clearHoldMs) return [];
    return [{ type: 'ended', atMs: Math.max(state.raisedAtMs, state.clearedAtMs), sinceMs: sight.nowMs }];
  },
  ended: (state, sight) => {
    if (!sight.detail) return [];
    // The same value once more, as when a placard was changed and changed back, is the same warning however late.
    const isSame = sight.atMs === state.raisedAtMs || sight.nowMs - state.sinceMs < warningLimits.returnWithinMs;
    return isSame ? [{ type: 'returned' }, ...grow(state.detail, sight)] : raise(sight);
  },
};

/** What happens to a warning when it is looked at. Pure; looking again at the same changes nothing. */
export const decideWarning = (state: WarningState, sight: WarningSight): WarningEvent[] =>
  (deciders[state.phase] as (state: WarningState, sight: WarningSight) => WarningEvent[])(state, sight);

export const evolveWarning = (state: WarningState, event: WarningEvent): WarningState => {
  if (event.type === 'raised') return { phase: 'active', raisedAtMs: event.atMs, detail: event.detail };
  if (state.phase === 'none') return state;
  const { raisedAtMs, detail } = state;
  switch (event.type) {
    case 'grown':
      return { phase: 'active', raisedAtMs, detail: event.detail };
    case 'returned':
    case 'steadied':
      return { phase: 'active', raisedAtMs, detail };
    case 'clearing':
      return { phase: 'clearing', raisedAtMs, detail, clearedAtMs: event.atMs, sinceMs: event.sinceMs };
    case 'ended':
      return { phase: 'ended', raisedAtMs, detail, sinceMs: event.sinceMs };
  }
};
