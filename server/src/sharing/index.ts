export { operatorScope } from './operator-scope.ts';
