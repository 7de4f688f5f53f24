export * from './map-frame.ts';
export * from './messages.ts';
