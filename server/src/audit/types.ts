/** Acts of the audit log: a closed list. */
export const auditActs = [
  'sign_in',
  'sign_in_failed',
  'sign_out',
  'session_ended',
  'account_made',
  'account_ended',
  'email_changed',
  'password_changed',
  'password_reset',
  'totp_set',
  'totp_removed',
  'passkey_added',
  'passkey_removed',
  'passkey_refused',
  'identity_linked',
  'identity_unlinked',
  'token_made',
  'token_ended',
  'member_added',
  'member_changed',
  'member_removed',
  'organisation_made',
  'organisation_changed',
  'organisation_ended',
  'data_exported',
  // Vehicles
  'vehicle_transferred',
  'claim_made',
  'vehicle_claimed',
  'glass_broken',
  'vehicle_read',
  // Partners
  'app_made',
  'app_changed',
  'app_ended',
  'app_secret_made',
  'app_secret_ended',
  'partner_approved',
  'partner_suspended',
  'app_quota_set',
  'webhook_made',
  'webhook_secret_made',
  'webhook_ended',
  // Consent
  'consent_asked',
  'consent_given',
  'consent_refused',
  'grant_narrowed',
  'grant_paused',
  'grant_resumed',
  'grant_ended',
  'partner_blocked',
  'partner_unblocked',
  'driver_invited',
  'invitation_accepted',
  'invitation_refused',
  'invitation_withdrawn',
] as const;
export type AuditAct = (typeof auditActs)[number];

export interface AuditEvent {
  readonly act: AuditAct;
  /** Who did it; null: nobody who is known. */
  readonly personNo: number | null;
  /** Id of what it was done to. */
  readonly subject?: string;
  /** Whom it concerns: that person sees it. */
  readonly subjectPersonNo?: number;
  readonly address?: string;
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}
