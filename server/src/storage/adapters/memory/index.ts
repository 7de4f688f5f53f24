export { makeMemoryFanOut, type MemoryFanOutOptions } from './fan-out.ts';
