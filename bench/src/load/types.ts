import type { Latencies } from './latencies.ts';
import type { Form } from './payloads.ts';

export interface LoadOptions {
  readonly origin: string;
  readonly operatorToken: string;
  readonly way: 'websocket' | 'http';
  readonly form: Form;
  readonly samples: number;
  readonly connections: number;
  /** Reports of one connection that are not acknowledged yet. */
  readonly inFlight: number;
}

/** What was acknowledged so far. */
export interface Measured {
  readonly reports: number;
  readonly connections: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
}

/** Where the two ways count. */
export interface Tally {
  reports: number;
  connections: number;
  readonly latencies: Latencies;
}
