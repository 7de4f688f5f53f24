import type { ErasedWhat, ErasureMethod, PersonErasureState, StaysWhat, StaysWhy } from '@milepost/contract/api';

/** What was erased of one kind. Without personal data. */
export interface ErasedLine {
  readonly what: ErasedWhat;
  readonly count: number;
  readonly method: ErasureMethod;
}

/** What stays, and why it has to. */
export interface StaysLine {
  readonly what: StaysWhat;
  readonly why: StaysWhy;
  /** When it goes by itself, ms; null: not known here, or never. */
  readonly untilMs: number | null;
}

/** An organisation that would be left without whom it needs. */
export interface Blocker {
  readonly organisationId: string;
  readonly kind: string;
  readonly name: string;
  readonly role: string;
}

export type ErasureStage = 'releasing' | 'clearing' | 'forgetting';

/** What happened, in its order: the truth of an erasure. */
export type ErasureStep =
  | { readonly kind: 'held'; readonly atMs: number; readonly organisations: readonly string[] }
  /** Nobody gets in any more. `found`: what is counted now, because later stages take it away vehicle by vehicle. */
  | {
      readonly kind: 'begun';
      readonly atMs: number;
      readonly erased: readonly ErasedLine[];
      readonly found: readonly ErasedLine[];
    }
  | { readonly kind: 'taken_back'; readonly atMs: number }
  /** A stage is over; what it erased. */
  | { readonly kind: 'passed'; readonly atMs: number; readonly stage: ErasureStage; readonly erased: readonly ErasedLine[] };

export type ErasureCommand =
  | { readonly kind: 'hold'; readonly organisations: readonly string[] }
  | { readonly kind: 'begin'; readonly erased: readonly ErasedLine[]; readonly found: readonly ErasedLine[] }
  | { readonly kind: 'take_back' }
  | { readonly kind: 'pass'; readonly stage: ErasureStage; readonly erased: readonly ErasedLine[] };

export interface PersonErasure {
  readonly id: string;
  readonly personNo: number;
  readonly state: PersonErasureState;
  readonly askedMs: number;
  readonly dueMs: number;
  readonly beganMs: number | null;
  /** Done, or taken back. */
  readonly endedMs: number | null;
  readonly steps: readonly ErasureStep[];
  readonly stays: readonly StaysLine[] | null;
}

/** With whose it is, by pseudonym. */
export interface KnownErasure extends PersonErasure {
  readonly personId: string;
}
