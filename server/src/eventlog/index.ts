export * from './ports.ts';
export { PartitionLostError } from './errors.ts';
