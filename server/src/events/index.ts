export * from '@milepost/contract/report';
export * from './connection-event.ts';
export * from './dead-letter.ts';
export * from './partition.ts';
export * from './precision.ts';
export * from './read-scope.ts';
export * from './record.ts';
export * from './record-batch.ts';
