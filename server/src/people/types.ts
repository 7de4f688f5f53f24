import type { OrganisationKind, Role, SignInMethod } from '@milepost/contract/api';

export interface Organisation {
  readonly organisationNo: number;
  readonly id: string;
  readonly kind: OrganisationKind;
  readonly name: string;
  /** Of a customer: its number in the registry. */
  readonly customerNo: number | null;
}

export interface Membership extends Organisation {
  readonly role: Role;
}

export interface Person {
  readonly personNo: number;
  readonly id: string;
  readonly email: string;
  readonly isEmailVerified: boolean;
  readonly userName: string | null;
  readonly name: string;
  /** BCP 47; null: that of the browser. */
  readonly language: string | null;
  readonly createdMs: number;
  readonly hasPassword: boolean;
  readonly hasTotp: boolean;
  readonly passkeys: number;
}

/** From where somebody asks. */
export interface Whence {
  readonly address: string;
  readonly userAgent: string;
}

export interface Session {
  readonly id: string;
  readonly personNo: number;
  readonly method: SignInMethod;
  readonly userAgent: string;
  readonly address: string;
  readonly createdMs: number;
  readonly lastUsedMs: number;
  readonly confirmedMs: number;
  readonly expiresMs: number;
}

export interface AccessToken {
  readonly id: string;
  readonly personNo: number;
  readonly name: string;
  readonly items: readonly string[];
  readonly createdMs: number;
  readonly lastUsedMs: number | null;
  readonly expiresMs: number;
}

export interface Passkey {
  readonly id: string;
  readonly personNo: number;
  readonly name: string;
  /** Its owner has it on several devices, or a copy of it. */
  readonly isBackedUp: boolean;
  /** How browsers reach it, as they said. */
  readonly transports: readonly string[];
  readonly createdMs: number;
  readonly lastUsedMs: number | null;
}

/** A credential that a browser has made; bytes as base64url. */
export interface NewCredential {
  readonly id: string;
  readonly clientDataJSON: string;
  readonly attestationObject: string;
  readonly transports: readonly string[];
}

/** What a browser answers for a passkey; bytes as base64url. */
export interface PasskeyAnswer {
  readonly id: string;
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
  readonly userHandle?: string;
}

/** A provider of OpenID Connect that the operator has named. */
export interface OutsideProvider {
  /** In addresses. */
  readonly id: string;
  /** As people know it. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Whom a provider knows a person as. */
export interface OutsideIdentity {
  readonly id: string;
  readonly personNo: number;
  readonly issuer: string;
  readonly subject: string;
  /** As the provider said it last. */
  readonly email: string | null;
  readonly createdMs: number;
  readonly lastUsedMs: number | null;
}

/** Somebody who is known by a session or a token. */
export interface SignedIn {
  readonly person: Person;
  readonly memberships: readonly Membership[];
  readonly session: Session | null;
  readonly token: AccessToken | null;
}

/** The value is for the cookie alone: nothing else knows it. */
export interface NewSession {
  readonly value: string;
  readonly expiresMs: number;
  readonly signedIn: SignedIn;
}
