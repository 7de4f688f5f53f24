export { adoptLive } from './adopt-live.ts';
export { alignTime, compareLive, deviceHeardLast, everyValue, lastSeenOf, type LiveComparison } from './compare-live.ts';
export { StatusDeriver } from './derive-status.ts';
export { HandleTable } from './handle-table.ts';
export { listLimitMax } from './list-vehicles.ts';
export { defaultTimeouts, tickLagMs } from './limits.ts';
export { type LiveOptions, openLive } from './open-live.ts';
export {
  fleetSignals,
  type PastFilters,
  type PastFleet,
  type PastVehicle,
  readPastFleet,
  statusCodeOf,
  vehiclesAt,
} from './past-fleet.ts';
export { seedStatus, seedValue, settleSeeds } from './seed-live.ts';
export type { SeededStatus } from './status-tracker.ts';
export * from './types.ts';
export { signalsOfWarning } from './warnings.ts';
