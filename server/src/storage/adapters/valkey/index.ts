export { openValkeyFanOut } from './fan-out.ts';
export { openValkey, type Valkey } from './open-valkey.ts';
export { type ValkeyLimits, valkeyLimits, type ValkeyOptions } from './options.ts';
export { makeValkeySnapshotStore } from './snapshot-store.ts';
