/** Named limits of one device's connection. docs/limits.md says what happens at each. */
export const sessionLimits = {
  /** Reports read but not yet durable: past it the socket is not read until half are. */
  reportsInFlightMax: 1024,
  /** Reports held while the log takes nothing; the socket is not read, so only what was on its way arrives. */
  reportsHeldMax: 16_384,
  /** Connections of one device: with one more, the oldest is closed (a car that lost its network leaves dead ones behind). */
  connectionsPerDeviceMax: 3,
  /** Frames in a row that cannot be read before the socket is closed. */
  unreadableFramesMax: 10,
  /** Bytes of NDJSON bodies that are taken apart at once; a further one is answered 503 with Retry-After. */
  batchBytesAtOnceMax: 64 * 1024 * 1024,
  /** Acknowledgements of one connection are at least this far apart; the first comes at once. */
  ackSpacingMs: 10,
  /** What one device may cost on its sockets: a report is a unit, and one more for each KiB of it. Past it the socket is not read for a moment. */
  shareUnitsPerSecond: 2000,
  shareUnitsBurst: 4000,
  /** Over so long reports are counted to tell who reports most; /metrics names a few, and only who reports more than that a second. */
  shareWindowMs: 2000,
  /** How often devices that were silent are forgotten here. */
  sharePruneMs: 60_000,
  busyDevicesShown: 5,
  busyReportsPerSecond: 100,
  /** When the server stops, devices are let go one after the other: so long for each, all together in at most the second figure. */
  drainPerSessionMs: 1,
  drainMsMax: 4000,
  /** How often some are let go meanwhile. */
  drainStepMs: 50,
  /** They are asked to come back no sooner than so long after the last one has gone, and at most so many a second. */
  comeBackAfterMs: 2000,
  comeBackPerSecond: 1000,
} as const;
