export * from './signals/index.ts';
export * from './errors.ts';
export * from './status.ts';
export * from './warnings.ts';
export { warningText } from './warning-text.ts';
