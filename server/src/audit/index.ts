export { type AuditQuery, type AuditRecord, dropAuditMonths, listAudit, makeAuditMonths, writeAudit } from './store.ts';
export { type AuditAct, auditActs, type AuditEvent } from './types.ts';
