/** A record table in memory is sealed when it holds this much; two sealed ones and one being filled bound the memory. */
export const sealBytesDefault = 64 * 1024 * 1024;
/** … or when its oldest record is this old. */
export const sealAgeMsDefault = 5 * 60_000;
/** Sealed tables a partition that wait for their flush; past that `ready()` asks the caller to wait. */
export const sealedTablesMax = 2;
/** The same where another process writes the chunks: past that the oldest is let go, and shown when chunks have it. */
export const replicaSealedTablesMax = 8;
/** How often it is then asked what chunks have. */
export const replicaLookMs = 1000;
/** A caller that does not wait: `apply` throws when the table being filled is this many times `sealBytes`. */
export const overfullFactorMax = 2;
/** One piece of shared memory. Larger than the largest record. */
export const slabBytes = 4 * 1024 * 1024;
/** Records that one page of the entries of a table names. */
export const entriesPerPage = 65_536;
/** Pieces of shared memory, and pages of entries, that wait to be used again: a sealed table and the one being filled. */
export const pooledSlabsMax = 32;
export const pooledEntryPagesMax = 32;

/** Records of one vehicle are gathered into one chunk until it has this many rows (so it has less than this plus one report). */
export const rowsPerFlushedChunk = 4096;
/** Most rows that a chunk may say it has; a decoder refuses more before it allocates. */
export const rowsPerChunkMax = 65_536;
/** Most columns of one chunk. */
export const columnsPerChunkMax = 8192;
/** Largest chunk that is decoded. */
export const chunkBytesMax = 256 * 1024 * 1024;

/** Sample times of a vehicle that `findRecent` keeps in its index; above, it looks no further. */
export const recentTimesMax = 262_144;
/** Vehicles whose index is kept. */
export const recentVehiclesMax = 64;
/** A vehicle that has more in memory, as after a backlog, is read from chunks: what is in memory is written first, once. */
export const queryFlushBytes = 4 * 1024 * 1024;
/** Most bytes of memtable records of one vehicle that go into a query. */
export const queryRecordBytesMax = 128 * 1024 * 1024;
/** A query reads the period in windows of this width, which bounds its memory. */
export const queryWindowMsDefault = 24 * 3_600_000;
/** The same where roll-ups may answer: few rows are read then. */
export const rollupWindowMsDefault = 8 * 24 * 3_600_000;
/** Rows that one window may hold; above, it is halved, down to `queryWindowMsMin`. */
export const rowsPerWindowMax = 4_000_000;
export const queryWindowMsMin = 1000;
/** Most rows of one answer. */
export const queryRowsMax = 5_000_000;
export const signalsPerQueryMax = 256;
/** Most status changes of one answer. */
export const statusPageMax = 10_000;
/** Pages of status changes that are read for one answer because the scope hides most of what was found. */
export const statusPagesReadMax = 20;
/** Queries that wait for the reading thread. */
export const queriesWaitingMax = 1024;

/** A flush that failed is tried again after this long, doubling up to the maximum. */
export const flushRetryMsMin = 500;
export const flushRetryMsMax = 30_000;

/** Rows of a merged chunk; one between two others may have half as many more. */
export const rowsPerMergedChunk = 1024;
/** A month that is not over is merged when its vehicles have this many flushed rows each on average. */
export const mergeRowsPerVehicle = rowsPerMergedChunk;
/** … or when so many flushes wait, since a query reads a part of each … */
export const mergeFlushesMax = 288;
/** … or when the oldest is this old. */
export const mergeAgeMsMax = 24 * 3_600_000;
/** Late rows of a month that is over are merged when the oldest of them waited this long. */
export const mergeLateAfterMs = 3_600_000;
/** Rows that one step of a merge reads at most, where one vehicle does not have more: a flush waits no longer than for a step. */
export const mergeStepRows = 50_000;
/** Vehicle numbers that one step spans at most. */
export const mergeStepVehiclesMax = 65_536;
/** Bytes that one step gives back to the disk. */
export const giveBackStepBytes = 4 * 1024 * 1024;
/** Spare space of a month that is not over is kept for its next flushes; a larger share of a month that is over is given back. */
export const spareShareMax = 0.002;
export const spareBytesKept = 65_536;
/** How often it is looked whether there is something to merge. */
export const mergeEveryMs = 60_000;
/** Pause after a step that leaves more to do: whatever waits for the thread goes first. */
export const mergePauseMs = 5;

export const minuteMs = 60_000;
/** Merged chunks have minute roll-ups where a minute has at least this many rows on average; else its rows are read as fast. */
export const rowsPerRolledMinuteMin = 8;

/** Records that cannot be stored which one flush hands out whole; further ones are counted. */
export const poisonListedMax = 1000;

/** Chunks of a flush that keyframes are told of at once. */
export const notedAtOnce = 4096;

/** A flush that nobody waits for may take this part of the time in which its table was filled … */
export const flushLeisureShare = 1 / 8;
/** … and rests after so much work, this many times as long: three quarters of a second of work in one piece make acknowledgements wait. */
export const workSliceMs = 10;
export const restFactor = 2;

/** Priority of the thread that writes chunks (nice, 0 … 19): with all cores busy it gets a tenth of what the others get. */
export const writerNice = 10;
