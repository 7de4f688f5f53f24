import type { ConsentItem } from '@milepost/contract/api';
import type { Answer, Holder } from '../grants/types.ts';

export const invitationStates = ['sent', 'accepted', 'refused', 'withdrawn'] as const;
export type InvitationState = (typeof invitationStates)[number];

/** What a holder offers somebody by e-mail. */
export interface NewInvitation {
  readonly vehicleNos: readonly number[];
  /** As it was typed. */
  readonly email: string;
  readonly items: readonly ConsentItem[];
  readonly untilMs: number | null;
  readonly backDays: number;
}

export interface Invitation {
  readonly invitationNo: number;
  readonly id: string;
  readonly holder: Holder;
  readonly invitedBy: number;
  /** What the inviter had read. */
  readonly answer: Answer;
  readonly vehicleNo: number;
  readonly email: string;
  readonly items: readonly ConsentItem[];
  readonly untilMs: number | null;
  readonly backDays: number;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly state: InvitationState;
}

/** Who answers: an account, and the link of the mail when they came by it. */
export interface Invited {
  readonly personNo: number;
  readonly email: string;
  /** Of an address that nobody has confirmed nothing is shown but by the link. */
  readonly isEmailVerified: boolean;
  readonly address: string;
  readonly code?: string | undefined;
}

export interface InvitationMail {
  readonly email: string;
  /** What the link carries. */
  readonly code: string;
  /** What who invites is called. */
  readonly from: string;
  /** BCP 47: of who invites, since nothing is known of who is invited. */
  readonly language: string;
  readonly days: number;
}

/** The mail that carries the link; whether the address has an account makes no difference. */
export interface InvitationMailer {
  /** Counts against the limits of mails. Throws `too_many_requests`. */
  count(address: string, email: string): void;
  /** Throws `unavailable`. */
  send(mail: InvitationMail): Promise<void>;
}
