export * from './map-frame.ts';
