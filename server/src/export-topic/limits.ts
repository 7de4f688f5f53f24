export interface ExportLimits {
  /** Samples of a larger report go into further messages; a single sample is never divided. By estimate, before compression. */
  readonly messageBytesMax: number;
  /** A request to the brokers is sent when it has so much; it is more by one message at most. */
  readonly requestBytesMax: number;
  /** How long partitions that are given back wait for what is being written; then it is given up, and written again by who has them next. */
  readonly giveBackMs: number;
}

export const exportLimits: ExportLimits = {
  messageBytesMax: 512 * 1024,
  requestBytesMax: 1024 * 1024,
  giveBackMs: 5000,
};
