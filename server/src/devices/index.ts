export * from './types.ts';
export { openDevices, type DevicesOptions } from './open-devices.ts';
