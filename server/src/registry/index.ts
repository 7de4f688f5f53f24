export * from './types.ts';
export type * from './drivers/types.ts';
export { openRegistry, type RegistryOptions } from './open-registry.ts';
export { makeId, type Random, systemRandom } from './ids.ts';
export { loadPepper, type PepperSource } from './secrets.ts';
export { type NumbersInUse, passOverNumbers } from './pass-over-numbers.ts';
export { loadVocabulary } from './load-vocabulary.ts';
export { type Retention, type RetentionRule, openRetention, sameForAll } from './retention.ts';
