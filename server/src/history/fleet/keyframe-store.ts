/** A keyframe as its store knows it. */
export interface KeyframeInfo {
  readonly atMs: number;
  /** When it was made, ms. */
  readonly madeMs: number;
  readonly vehicles: number;
  /** Vehicles that have rows of its time that it may lack. */
  readonly lateVehicles: number;
}

export interface StoredPage {
  /** vehicleNo / 1024. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** A vehicle that has rows from `fromMs` on which were stored after a keyframe was made, or while it was. */
export interface LateVehicle {
  readonly vehicleNo: number;
  readonly fromMs: number;
}

export interface KeyframePages {
  readonly atMs: number;
  readonly pages: readonly StoredPage[];
  readonly late: readonly LateVehicle[];
}

/** Where keyframes lie. Keyframes that keep other signals than `signals` do not count: they are made anew. */
export interface KeyframeStore {
  /** Newest keyframe at or before a moment, with its pages `fromIndex` … `toIndex` − 1; all of it as of one moment. */
  read(atMs: number, fromIndex: number, toIndex: number): KeyframePages | undefined;
  /** Keyframes in [fromMs, toMs], ascending. */
  list(fromMs: number, toMs: number): readonly KeyframeInfo[];
  /**
   * Readies a keyframe that is about to be made: rows that are stored from now on and lie before it are noted as late for it. Answers a mark
   * for `write`.
   */
  announce(atMs: number): number;
  /** Notes rows that are about to be stored: for every keyframe at or after them that was made or announced. Done again it changes nothing. */
  addLate(late: readonly LateVehicle[]): void;
  /** Replaces a keyframe; what was late before its mark is in it. */
  write(atMs: number, mark: number, madeMs: number, vehicles: number, pages: readonly StoredPage[]): void;
  /** Replaces a page of a keyframe; undefined: there is nothing left to tell of its vehicles. */
  replacePage(atMs: number, index: number, bytes: Uint8Array | undefined): void;
  /** Removes a keyframe that cannot be read: it is made anew. */
  drop(atMs: number): void;
  /** Days that have keyframes, as their first moment, and what their last sweep was given. */
  days(): readonly { readonly fromMs: number; readonly swept: string }[];
  setSwept(dayMs: number, swept: string): void;
  /** Removes keyframes of days that ended before. */
  dropBefore(ms: number): void;
  bytes(): number;
  close(): void;
}
