export { erasedLines, percentOf } from './decide-erasure.ts';
export { personErasureLimits } from './limits.ts';
export { type Asking, PersonErasures, type PersonErasuresOptions } from './open-person-erasures.ts';
export { personColumns } from './store-person.ts';
export type * from './types.ts';
