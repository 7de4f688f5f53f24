/** Named limits of the clients. */
export const clientLimits = {
  /** Reports kept until the server has acknowledged them; a further one is refused with `buffer_full`. */
  reportsBufferedMax: 1000,
  /** Their bytes on the wire; past it: `buffer_full`. */
  bytesBufferedMax: 8 * 1024 * 1024,
  /** Reports in a folder are handed to the disk so long after they were written to the file. */
  diskSyncMs: 1000,
  /** A file of reports that is larger is written anew once half of it was acknowledged. */
  diskRewriteBytes: 1024 * 1024,
  /** A larger report is refused with `report_too_large`, as the server would close the socket on it. */
  reportBytesMax: 1024 * 1024,
  /** First wait before the next attempt to connect; it doubles with each failure up to the second figure. */
  backoffFirstMs: 500,
  backoffMaxMs: 30_000,
  handshakeTimeoutMs: 15_000,
  requestTimeoutMs: 30_000,
  /** With reports unacknowledged and not a word from the server for so long, the connection counts as dead. */
  ackTimeoutMs: 30_000,
  /** Part of a token's life after which it is renewed. */
  renewAfterPart: 0.8,
  /** Longest wait of one timer (Node's own limit is 2^31 - 1 ms). */
  timerMaxMs: 86_400_000,
  goodbyeTimeoutMs: 1000,
} as const;
