export { openChunkStore, openKeyframeStore, removeKeyframes } from './open-chunk-store.ts';
export { type CassandraLimits, cassandraLimits, type CassandraOptions, type CassandraStoreOptions } from './options.ts';
export { checkSchema, emptyStore, ensureSchema, type SchemaCheck, type SchemaWanted } from './schema.ts';
