export { asSeen } from './as-seen.ts';
export { makeScopes, type Scopes } from './make-scopes.ts';
export {
  jobScope,
  keptFromStaff,
  neverHandedOver,
  nothingPrivate,
  operatorScope,
  serverScope,
  shownToHolder,
} from './operator-scope.ts';
export { sourceScope } from './source-scope.ts';
export { type PrivateSource, privateTo } from './private-periods.ts';
export type { Reader, ScopeSources } from './reader.ts';
export * from './grants/index.ts';
export * from './receipts/index.ts';
export * from './invitations/index.ts';
