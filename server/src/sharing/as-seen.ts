import type { ReadScope } from '../events/index.ts';
import type { Vehicle } from '../registry/index.ts';

/**
 * A vehicle as its reader may know it: who held it once sees the vehicle, ended for them, and nothing of what its new holder calls it and does
 * with it. Who sees it by a grant knows which vehicle it is (VIN, plate, model), and nothing else that its holder wrote down.
 */
export const asSeen = (scope: ReadScope, vehicle: Vehicle): Vehicle => {
  if (scope.isGuest?.(vehicle.vehicleNo)) return { ...vehicle, customerNo: 0, groups: [], note: null };
  if (scope.seesNow(vehicle.vehicleNo)) return vehicle;
  const endedAt = scope.periods(vehicle.vehicleNo).at(-1)?.toMs ?? vehicle.endedAt;
  return { ...vehicle, plate: null, customerNo: 0, groups: [], endedAt };
};
