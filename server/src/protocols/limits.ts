/** Named limits of the listeners. docs/limits.md says what happens at each. */
export const listenerLimits = {
  /** A larger frame closes the socket with 1009; a larger body is answered 413. */
  frameBytesMax: 1024 * 1024,
  /** A body of many reports (NDJSON), or a compressed one after unpacking: larger is answered 413. */
  batchBytesMax: 8 * 1024 * 1024,
  /** Samples of an NDJSON body that are read between two looks at everything else. */
  samplesPerSliceMax: 1024,
  /** A socket that was silent for one interval is pinged; silent for two, it is ended. */
  silenceCheckMs: 45_000,
  /** Connections of devices that one process takes; further ones are answered 503. */
  connectionsMax: 250_000,
} as const;
