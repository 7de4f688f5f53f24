import type { ConsentItem, GrantState } from '@milepost/contract/api';
import { type Holder, isSameHolder } from '../../registry/index.ts';

export { type Holder, isSameHolder };

/** Who reads by a grant: an app of a partner, or a person (a driver: family, an employee). */
export type GrantReader =
  | { readonly kind: 'app'; readonly appNo: number }
  | { readonly kind: 'person'; readonly personNo: number };

export const isSameReader = (a: GrantReader, b: GrantReader): boolean =>
  a.kind === 'app' ? b.kind === 'app' && a.appNo === b.appNo : b.kind === 'person' && a.personNo === b.personNo;

export const answerMethods = ['web', 'oauth', 'ciba', 'api', 'system'] as const;
export type AnswerMethod = (typeof answerMethods)[number];

/** How an answer was given: kept with it for ever. Its time is that of its event. */
export interface Answer {
  /** Version of the text that the person was shown. */
  readonly textVersion: string;
  /** BCP 47. */
  readonly language: string;
  readonly method: AnswerMethod;
}

/** A person who acts, for themselves or for customers that they manage, and how they were asked. */
export interface Granter {
  readonly personNo: number;
  readonly customerNos: readonly number[];
  readonly address: string;
  readonly answer: Answer;
}

/** Why a grant ended. */
export const endReasons = [
  'holder',
  'reader',
  'expired',
  'replaced',
  'transferred',
  'vehicle_ended',
  'app_suspended',
  'app_ended',
  'partner_suspended',
  'partner_blocked',
  /** Its holder, or its reader, had everything of themselves erased. */
  'erased',
] as const;
export type EndReason = (typeof endReasons)[number];

/** A stretch in which a grant rested, ms: what was reported in it stays withheld for ever. */
export interface Pause {
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** What was agreed. */
export interface GrantTerms {
  readonly holder: Holder;
  readonly reader: GrantReader;
  readonly vehicleNo: number;
  readonly items: readonly ConsentItem[];
  readonly purpose: string;
  /** Version of the purpose's words as the app had declared them. */
  readonly purposeVersion: string;
  /** When it ends by itself, ms; null: when it is ended. */
  readonly untilMs: number | null;
  /** Oldest sample time that may be read, ms: the moment it was given, or so far back before. */
  readonly backToMs: number;
}

/** Who did something; null: the server itself. */
interface Done {
  readonly atMs: number;
  readonly byPersonNo: number | null;
}

export type GrantEvent =
  | (Done & { readonly kind: 'given'; readonly terms: GrantTerms; readonly answer: Answer })
  /** What is left, all of it. */
  | (Done & {
      readonly kind: 'narrowed';
      readonly items: readonly ConsentItem[];
      readonly untilMs: number | null;
      readonly backToMs: number;
      readonly answer: Answer;
    })
  | (Done & { readonly kind: 'paused'; readonly answer: Answer })
  | (Done & { readonly kind: 'resumed'; readonly answer: Answer })
  /** Of a holder's act with their answer. */
  | (Done & { readonly kind: 'ended'; readonly reason: EndReason; readonly answer: Answer | null });
export type GrantEventKind = GrantEvent['kind'];

export interface Grant extends GrantTerms {
  readonly state: GrantState;
  readonly givenAtMs: number;
  /** What was given at first; what was taken off since is told as `revoked`. */
  readonly givenItems: readonly ConsentItem[];
  /** Ascending; the last one has no end while it is paused. */
  readonly pauses: readonly Pause[];
  readonly endedAtMs: number | null;
  readonly endReason: EndReason | null;
}

export type GrantCommand =
  | (Done & { readonly kind: 'give'; readonly terms: GrantTerms; readonly answer: Answer })
  /** What is to be left; what is not named stays as it is. */
  | (Done & {
      readonly kind: 'narrow';
      readonly items?: readonly ConsentItem[];
      readonly untilMs?: number;
      readonly backToMs?: number;
      readonly answer: Answer;
    })
  | (Done & { readonly kind: 'pause'; readonly answer: Answer })
  | (Done & { readonly kind: 'resume'; readonly answer: Answer })
  | (Done & { readonly kind: 'end'; readonly reason: EndReason; readonly answer: Answer | null });
export type GrantCommandKind = GrantCommand['kind'];
