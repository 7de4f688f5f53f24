import type { AppEnvironment, AppItem, AppState, PartnerRole } from '@milepost/contract/api';

export type { AppEnvironment, AppItem, AppState, PartnerRole };

/** Why data are wanted, in the words that the owner reads; each text is a version. */
export interface AppPurpose {
  readonly purpose: string;
  readonly version: number;
  /** BCP 47. */
  readonly language: string;
  readonly terms: string;
  readonly declaredMs: number;
}

export interface AppSecret {
  readonly id: string;
  /** SHA-256 of the text, in base64. */
  readonly digest: string;
  readonly createdMs: number;
}

/** What its people say of an app. */
export interface AppWords {
  readonly name: string;
  readonly about: string;
  readonly homepage: string;
  readonly privacyPage: string;
  readonly redirectAddresses: readonly string[];
  /** Null: the app polls. */
  readonly pingAddress: string | null;
  readonly items: readonly AppItem[];
}

/** An app that has not ended. */
export interface PartnerApp extends AppWords {
  readonly appNo: number;
  /** The `client_id`. */
  readonly id: string;
  readonly organisationNo: number;
  readonly organisationId: string;
  readonly organisationName: string;
  readonly environment: AppEnvironment;
  readonly state: AppState;
  readonly suspendedFor: string | null;
  /** The newest version of each. */
  readonly purposes: readonly AppPurpose[];
  readonly secrets: readonly AppSecret[];
  /** How often it may ask; the platform says so. */
  readonly requestsPerMinute: number;
  readonly createdMs: number;
}

export interface Partner {
  readonly organisationNo: number;
  readonly id: string;
  readonly name: string;
}

/** A partner of which somebody is a member. */
export interface OwnPartner extends Partner {
  /** Of who asks. */
  readonly role: PartnerRole;
}

/** Who acts for a partner, and from where. */
export interface PartnerActor {
  readonly personNo: number;
  readonly address: string;
}
