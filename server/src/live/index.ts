export { HandleTable } from './handle-table.ts';
export { listLimitMax } from './list-vehicles.ts';
export { defaultTimeouts, tickLagMs } from './limits.ts';
export { type LiveOptions, openLive } from './open-live.ts';
export * from './types.ts';
