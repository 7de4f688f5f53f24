import { auditActs } from '@milepost/contract/api';

export { auditActs };
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
