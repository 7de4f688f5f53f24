export * from './arguments.ts';
export * from './fleet.ts';
export type { Moment, Replay, Signals } from './model.ts';
export type { Profile } from './profile.ts';
export * from './run-simulator.ts';
