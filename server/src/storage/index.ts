export * from './types.ts';
export { parseDatabaseUrl } from './connection-string.ts';
export { fanOutLimits, type FanOut, type FanOutLimits, type Subscriber } from './fan-out.ts';
export { isCollision, uniqueViolation } from './errors.ts';
export { keepSecretFile } from './secret-file.ts';
export type { SnapshotStore } from './snapshot-store.ts';
export { openStorage, type StorageOptions } from './store.ts';
