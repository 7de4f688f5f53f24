import { assert } from '../kernel/index.ts';

/** Large files that other processes start from: there whole, or not at all. Names: letters, digits, `.`, `_` and `-`. */
export interface SnapshotStore {
  /**
   * Replaces what has the name. Seen by others only when every part is there, and never when `parts` throws, which is thrown on. The next part is asked
   * for when this one may be used again. Answers the bytes. Throws `disk_full` or `unavailable`.
   */
  write(name: string, parts: AsyncIterable<Uint8Array>): Promise<number>;
  /** Names that begin so, ascending. Throws `unavailable`. */
  names(prefix: string): Promise<readonly string[]>;
  /** Whole, as it was written at one time. Undefined: there is none (any more). Throws `unavailable`. */
  read(name: string): Promise<Buffer | undefined>;
  /** One that is not there is no error. Throws `unavailable`. */
  remove(name: string): Promise<void>;
}

export const storedNameCharactersMax = 200;

/** Of snapshots and channels. They are made by the product, so one that does not fit is its own mistake. */
export const checkName = (name: string): void => {
  const isName = /^[\w.-]+$/.test(name) && !/^\.+$/.test(name) && name.length <= storedNameCharactersMax;
  assert(isName, `${JSON.stringify(name)} is no name for something stored`);
};

/** Of names that are looked for: the empty one finds all. */
export const checkPrefix = (prefix: string): void => {
  assert(/^[\w.-]*$/.test(prefix), `${JSON.stringify(prefix)} is no beginning of a name`);
};
