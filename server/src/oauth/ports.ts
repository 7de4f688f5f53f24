import type { ConsentItem, GivenDetail, VehicleDataDetail } from '@milepost/contract/api';
import type { PartnerApp } from '../partners/index.ts';

/** What a person said to one entry of what was asked for. */
export interface ConsentAnswer {
  readonly app: PartnerApp;
  readonly personNo: number;
  /** Customers that the person manages: of their vehicles, too, may be given. */
  readonly customerNos: readonly number[];
  readonly asked: VehicleDataDetail;
  /** Of the purpose that was shown. */
  readonly purposeVersion: number;
  /** Ids of the person's own vehicles. */
  readonly vehicles: readonly string[];
  /** Each at most as fine as it was asked for. */
  readonly items: readonly ConsentItem[];
  readonly untilMs: number | null;
  readonly backDays: number;
  /** BCP 47: in which the person read it. */
  readonly language: string;
  readonly method: 'oauth' | 'ciba';
  /** Network address from which it was answered. */
  readonly address: string;
}

/** What an app holds by an answer. */
export interface GivenConsent {
  readonly grantIds: readonly string[];
  /** As the app reads it in its tokens: vehicles by the ids that it knows them by. */
  readonly details: readonly GivenDetail[];
}

/** Where answers become grants. Grants are the truth: a token opens what its grants still allow, and nothing when they are gone. */
export interface ConsentAnswers {
  /** All or nothing. Throws `invalid_field`, `forbidden`, `not_found`. */
  give(answers: readonly ConsentAnswer[]): Promise<GivenConsent>;
  /** From memory, at each read. */
  isAnyLeft(grantIds: readonly string[]): boolean;
  /** Resolves when what other processes gave before is known here; false: it cannot be heard of now. */
  catchUp(): Promise<boolean>;
}
