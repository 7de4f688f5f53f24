import type { ImportReason } from '@milepost/contract/api';

/** Why something of a file was not stored, and where it stands. */
export interface ImportProblem {
  readonly line: number;
  /** Column, element or attribute. */
  readonly column?: string;
  readonly value?: string;
  readonly reason: ImportReason;
  readonly expected: string;
}

/** One moment of a file, in units of the vocabulary; nothing is checked yet but that texts are what their signal is. */
export interface ImportedSample {
  readonly line: number;
  readonly timeMs: number;
  readonly signals: Readonly<Record<string, unknown>>;
  /** By path: where the value stands, and how. */
  readonly cells: Readonly<Record<string, { readonly column: string; readonly text: string }>>;
}

/** A point or line: what could be read of it, and what was wrong in it. */
export interface ImportItem {
  readonly sample?: ImportedSample;
  readonly problems?: readonly ImportProblem[];
}

export interface ImportOutcome {
  readonly isWhole: boolean;
  readonly samples: number;
  readonly stored: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly values: number;
  /** Sample times of what was stored; null: nothing was. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly reasons: Readonly<Partial<Record<ImportReason, number>>>;
  readonly problems: readonly ImportProblem[];
  readonly problemsMore: number;
}
