/** Named limits of the files that are written. docs/limits.md says what happens at each. */
export const lakeLimits = {
  /** Files written at once; each is a thread. */
  parquetFilesAtOnceMax: 2,
  /** Memory of DuckDB for one file; more goes to its temporary folder. */
  parquetMemoryMib: 256,
  /** Rows of one row group: what a reader must unpack to see one row. */
  parquetRowGroupRows: 122_880,
} as const;
