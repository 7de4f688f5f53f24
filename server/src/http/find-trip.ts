import type { ReadScope } from '../events/index.ts';
import type { SeenTrip, Trips } from '../trips/index.ts';
import { momentOfId } from './views/trip-view.ts';

/** By the id that answers give it. */
export const findTrip = async (
  trips: Pick<Trips, 'tripAt'>,
  scope: ReadScope,
  vehicleNo: number,
  id: string,
): Promise<SeenTrip | undefined> => {
  const atMs = momentOfId('trip', id);
  return atMs === undefined ? undefined : trips.tripAt(scope, vehicleNo, atMs);
};
