/**
 * A chunk: rows of one vehicle in one month, immutable. docs/formats/chunk.md
 *
 *     chunk     = u8 version (1, 2, 3) · u8 flags · [reserved] · varint rows (≥ 1) · varint fromMs · varint durationMs · columns
 *     flags       bit 0: a reserved section follows · 1: original times · 2: heartbeat marks
 *     reserved  = varint length · bytes: minute-rollups.ts; passed over by a reader that does not know their kind
 *     columns   = [times] · devices · [originals · arrivals] · [heartbeats] · varint count · [signals] · value column*
 *     times       only of two rows or more: integers(the rows − 1 steps from one row to the next)
 *     devices   = integers(deviceNo of each row)
 *     originals = integers(original time − time of each row)
 *     arrivals  = integers(a number for each row that tells which of them came first)
 *     heartbeats= marks
 *     signals   = varint first number · varint width (0 … 24) · (count − 1) gaps to the next number, in `width` bits each
 *     value column = u8 head · [words] · [marks] · integers without their head byte
 *     head        bits 0–5: form of the integers · bit 6: marks follow (else every row has a value) · bit 7: text, the integers
 *                 are indices into words
 *     integers  = u8 head (upper bits 0) · …, see integer-column.ts; marks: marks.ts; words: words.ts
 *
 * Rows are in order of (time, deviceNo, original time). A signal may have a number column and a text column.
 */
export const chunkVersion = 3;
/** Version 1 had neither roll-ups nor differences of differences, version 2 no sparse codes. */
export const chunkVersionOldest = 1;
export const chunkFlags = { reserved: 1, originals: 2, heartbeats: 4 } as const;
export const chunkFlagsKnown = 7;
export const valueHead = { hasMarks: 0b0100_0000, isText: 0b1000_0000 } as const;
