export { HandleTable } from './handle-table.ts';
export { listLimitMax } from './list-vehicles.ts';
export { defaultTimeouts, type LiveOptions, openLive, tickLagMs } from './open-live.ts';
export * from './types.ts';
