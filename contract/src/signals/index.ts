export * from './catalogue.ts';
export * from './definition.ts';
export { coreSignals, wheels } from './core.ts';
export * from './vocabulary.ts';
export * from './units.ts';
export { wellKnown } from './well-known.ts';
