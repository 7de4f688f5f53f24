export { openChunkStore, SqliteChunkStore, type SqliteChunkStoreOptions } from './open-chunk-store.ts';
