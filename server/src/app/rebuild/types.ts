import type { Vocabulary } from '@milepost/contract';
import type { RecordBatch } from '../../events/index.ts';
import type { HidingRules, HistoryOptions, StatusChange, SwitchableHistory } from '../../history/index.ts';
import type { Clock, Logger } from '../../kernel/index.ts';
import type { Live, StatusTimeouts } from '../../live/index.ts';
import type { Directory } from '../../registry/index.ts';

/** Where the models that are there stand, fixed for the whole comparison. */
export interface RebuildPoint {
  /** First offset that the log still has; 0: it is whole. */
  readonly startOffset: number;
  /** Everything before it is on disk in history, and nothing that was on disk then changes until the rebuild is over. */
  readonly offset: number;
  readonly nowMs: number;
  readonly rules: HidingRules;
}

/** What one part of a comparison found. */
export interface Compared {
  /** Plural: "months of vehicles". */
  readonly kind: string;
  readonly compared: number;
  readonly differences: number;
  /** The first of them, a line each. */
  readonly first: readonly string[];
}

export type RebuildPhase = 'taking over' | 'reading the log' | 'comparing' | 'merging' | 'catching up' | 'putting in place';

export interface Progress {
  readonly phase: RebuildPhase;
  /** Of the phase, 0 … 100. */
  readonly percent: number;
  readonly records: number;
  readonly recordsPerSecond: number;
  /** null: not known. */
  readonly secondsLeft: number | null;
}

/** What a second model is built from. */
export interface BuildContext {
  readonly point: RebuildPoint;
  /** The history that is there: what is older than the log is found in it. */
  readonly historyFolder: string;
  /** The model that is there, and where the new one is made. */
  readonly oldFolder: string;
  readonly newFolder: string;
  readonly directory: Directory;
  readonly vocabulary: Vocabulary;
  readonly timeouts: StatusTimeouts;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How far a phase is. */
  readonly progress: (phase: RebuildPhase, percent: number) => void;
}

/** Makes one model anew. Records come in order, from the start of the log on, each once. */
export interface ModelBuilder {
  /** Where it has to stand to be compared: at or before the point. */
  readonly comparedAt: number;
  /** Takes over what the log does not have any more, as far as that is known before it is read. */
  begin(): Promise<void>;
  apply(batch: RecordBatch): void | Promise<void>;
  /** What is in memory is brought to where it belongs: the building is done up to here. */
  flush(): Promise<void>;
  /** Called when it stands at `comparedAt`, after `flush`. */
  compare(): Promise<readonly Compared[]>;
  /** What is derived from the model itself and takes long, so that the server does not have to do it: called once it is to be used. */
  derive(): Promise<void>;
  /** Everything up to the offset is on disk; nothing is open any more. */
  finish(offset: number): Promise<void>;
  /** Ends at once; what is on disk is worth nothing. */
  abandon(): Promise<void>;
}

/** What the running server has, for whoever puts a new model in its place. */
export interface RunningModels {
  readonly history: SwitchableHistory;
  readonly live: Live;
}

/** How a model that was built is taken in by the running server. */
export interface TakeInContext {
  readonly models: RunningModels;
  readonly root: string;
  /** The new model stands here. */
  readonly offset: number;
  /** Options of a history without its store. */
  readonly historyOptions: Omit<HistoryOptions, 'store'>;
  readonly openLive: (folder: string) => Live;
  /**
   * Lets a model follow the log from an offset until it stands where the running ones stand; from then on it is given what they are given, in the
   * same turn. Answers how that ends.
   */
  readonly follow: (fromOffset: number, model: FollowingModel) => Promise<() => void>;
  /** Where the running models stand in the log. */
  readonly offsetOfModels: () => number;
  /** Runs in the same turn in which the condition is found to hold; throws when it does not come true in time. */
  readonly when: (isReady: () => boolean, run: () => void) => Promise<void>;
  /** Throws when the rebuild was cancelled meanwhile: asked before anything that others see. */
  readonly check: () => void;
  /** History cannot go on: the process ends, and the next start finishes what was begun. */
  readonly failed: (error: Error) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A model that is given what the running ones are given. */
export interface FollowingModel {
  /** Records that it has already may come again. */
  apply(batch: RecordBatch): void;
  /** Transitions that the running live state found. */
  applyStatus?(changes: readonly StatusChange[]): void;
  ready?(): Promise<void> | undefined;
}

/** One read model that can be made anew: an entry of the table in models.ts. */
export interface RebuiltModel {
  readonly name: string;
  /** Folder of the data folder that it lies in. */
  readonly folder: 'history' | 'live';
  /** One line for the usage. */
  readonly about: string;
  readonly build: (context: BuildContext) => Promise<ModelBuilder>;
  /** Puts it in the place of the running one; answers where the old one lies. */
  readonly takeIn: (context: TakeInContext) => Promise<string>;
}

/** Folder in which a model is built. */
export const buildFolderOf = (folder: string): string => `${folder}.rebuild`;
