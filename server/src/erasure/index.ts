export * from './types.ts';
export { joinLedgers, readLedger } from './ledger-file.ts';
export { type ErasuresOptions, openErasures } from './open-erasures.ts';
