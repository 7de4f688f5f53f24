/** What a column of a file holds. A list is a list of texts. */
export type LakeColumnKind = 'number' | 'boolean' | 'text' | 'textList';

export interface LakeColumn {
  readonly name: string;
  readonly kind: LakeColumnKind;
}

/** A value of a column; null where there is none. */
export type LakeValue = number | boolean | string | readonly string[] | null;

/** Rows that go into a file together: their times (ms) and, by column, a value a row. */
export interface LakePage {
  readonly times: Float64Array;
  readonly columns: readonly (readonly LakeValue[])[];
}

/** A finished file. Whoever asked for it removes it. */
export interface LakeFile {
  readonly path: string;
  readonly bytes: number;
  /** Removing again is no error. */
  remove(): Promise<void>;
}

/** Files of columns, for programs that analyse. */
export interface Lake {
  /**
   * Writes a Parquet file of a column `time` (UTC) and those given, page by page as they are read, outside the main thread.
   * Throws `overloaded` while as many are written as there may be, `unavailable` when it cannot be written; what was begun is removed then,
   * and when `signal` says that nobody waits any more.
   */
  writeParquet(columns: readonly LakeColumn[], pages: AsyncIterable<LakePage>, signal: AbortSignal): Promise<LakeFile>;
  /** Ends the files under way. */
  close(): Promise<void>;
}
