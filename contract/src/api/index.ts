export * from './customer.ts';
export * from './device.ts';
export * from './history.ts';
export * from './problem.ts';
export * from './routes.ts';
export * from './server.ts';
export * from './shared.ts';
export * from './vehicle.ts';
