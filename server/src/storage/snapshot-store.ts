/** Large files that processes start from: there whole, or not at all. */
export interface SnapshotStore {
  /** Replaces what has the name. Seen by others only when every part is there. Answers the bytes. */
  write(name: string, parts: AsyncIterable<Uint8Array>): Promise<number>;
  /** Names that begin so, ascending. */
  names(prefix: string): Promise<readonly string[]>;
  /** Undefined: there is none (any more). */
  read(name: string): Promise<Buffer | undefined>;
  remove(name: string): Promise<void>;
}
