export { SqliteKeyframeStore } from './keyframe-store.ts';
export {
  openChunkStore,
  openKeyframeStore,
  removeKeyframes,
  SqliteChunkStore,
  type SqliteChunkStoreOptions,
} from './open-chunk-store.ts';
