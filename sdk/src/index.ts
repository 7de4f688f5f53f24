export * from './api-error.ts';
export * from './backoff.ts';
export * from './clock.ts';
export * from './device-client.ts';
export * from './device-messages.ts';
export * from './limits.ts';
export * from './operator-client.ts';
export * from './report-buffer.ts';
