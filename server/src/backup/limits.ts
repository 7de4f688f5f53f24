/** Bytes that are read, hashed and written at once. */
export const copyBytes = 1024 * 1024;
/** Pages of a SQLite file that are copied before others have a turn. */
export const sqlitePagesAtOnce = 16_384;
/** How long a SQLite file that is being written may keep a copy waiting. */
export const sqliteBusyMs = 60_000;
/** A manifest larger than this is none. */
export const manifestBytesMax = 256 * 1024 * 1024;
/** Findings of a check that are listed; more are counted. */
export const findingsListedMax = 20;
/** A small file that changes while it is read is read again, at most so often. */
export const stableReadsMax = 20;
