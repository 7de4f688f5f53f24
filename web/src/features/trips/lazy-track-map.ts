import { lazyContent } from '../../components/lazy-part.ts';
import { withMapWorker } from '../map/map-worker.ts';

/** A map with a track, fetched when it is wanted. */
export const TrackMap = lazyContent(withMapWorker(() => import('./TrackMap.vue')));
