export * from './clock.ts';
export * from './csv.ts';
export * from './errors.ts';
export * from './logger.ts';
export * from './murmur3.ts';
export * from './share-next.ts';
export * from './stepping-clock.ts';
export * from './time-zone.ts';
