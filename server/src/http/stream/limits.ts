/** Named limits of the browser stream, beside `streamLimits` of the contract. docs/limits.md says what happens at each. */
export const browserStreamLimits = {
  /** Browsers at a time; a further one is answered 503. */
  viewersMax: 1000,
  /** A viewer with more than this unsent gets no map frame; a full one follows when it has caught up. */
  bufferedBytesMax: 1024 * 1024,
  /** A viewer that does not even keep up with text is ended. */
  bufferedBytesHardMax: 8 * 1024 * 1024,
  pingEveryMs: 30_000,
  /** Vehicles in one roster message. */
  rosterVehiclesPerMessage: 5000,
  /** Status changes in one message; how many more there were is said. */
  statusChangesPerMessage: 200,
  /** Changes of warnings in one message; how many more there were is said. */
  warningChangesPerMessage: 100,
  /** Time that viewers have to close when the server stops. */
  closeGraceMs: 1000,
} as const;
