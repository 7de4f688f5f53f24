import type { RebuildOutcome } from '@milepost/contract/api';
import type { Compared, Progress } from './types.ts';

/** What is known of one rebuild, while it goes on and after. */
export interface RebuildState {
  readonly model: string;
  /** Of the process that builds. */
  readonly pid: number;
  readonly startedAtMs: number;
  /** Undefined: it goes on. */
  readonly endedAtMs: number | undefined;
  readonly isCancelling: boolean;
  readonly progress: Progress | undefined;
  /** Undefined: it was not compared, or not yet. */
  readonly compared: readonly Compared[] | undefined;
  readonly outcome: RebuildOutcome | undefined;
  /** Why it failed, in a sentence. */
  readonly detail: string | undefined;
  /** Where the model lies that was replaced. */
  readonly oldFolder: string | undefined;
}

/** How whoever builds says that it has ended. */
export interface RebuildEnd {
  readonly outcome: Exclude<RebuildOutcome, 'put_in_place'>;
  readonly detail?: string;
}

export const differencesOf = (compared: readonly Compared[]): number =>
  compared.reduce((sum, { differences }) => sum + differences, 0);

export const beginningState = (model: string, pid: number, startedAtMs: number): RebuildState => ({
  model,
  pid,
  startedAtMs,
  endedAtMs: undefined,
  isCancelling: false,
  progress: undefined,
  compared: undefined,
  outcome: undefined,
  detail: undefined,
  oldFolder: undefined,
});
