export * from './types.ts';
export { joinLedgers, readLedger } from './ledger-file.ts';
