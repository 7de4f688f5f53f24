import type { ComparedView, RebuiltModelName, RebuildView } from '@milepost/contract/api';
import { differencesOf, type RebuildState } from '../rebuild/rebuild-state.ts';
import type { Compared } from '../rebuild/types.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

const comparedView = ({ kind, compared, differences, first }: Compared): ComparedView => ({
  kind,
  compared,
  differences,
  first: [...first],
});

const progressOf = ({ progress, outcome }: RebuildState): RebuildView['progress'] => {
  if (outcome !== undefined) return null;
  return progress ?? { phase: 'starting', percent: 0, records: 0, recordsPerSecond: 0, secondsLeft: null };
};

/** A rebuild as the API shows it. */
export const rebuildView = (state: RebuildState & { readonly isByCommand: boolean }): RebuildView => {
  const { model, startedAtMs, endedAtMs, isByCommand, isCancelling, compared, outcome, detail, oldFolder } = state;
  return {
    // Only those of the table begin.
    model: model as RebuiltModelName,
    startedAt: iso(startedAtMs),
    endedAt: endedAtMs === undefined ? null : iso(endedAtMs),
    isByCommand,
    isCancelling: isCancelling && outcome === undefined,
    progress: progressOf(state),
    compared: compared?.map(comparedView) ?? null,
    differences: compared === undefined ? null : differencesOf(compared),
    outcome: outcome ?? null,
    detail: detail ?? null,
    oldFolder: oldFolder ?? null,
  };
};
