export { nothingPrivate, operatorScope, serverScope } from './operator-scope.ts';
export { type PrivateSource, privateTo } from './private-periods.ts';
