import type { Grant } from './types.ts';

/** A grant as it lies in the database and in memory. */
export interface StoredGrant extends Grant {
  readonly grantNo: number;
  readonly id: string;
  /** Grows with each change, so that what is in memory never goes back. */
  readonly revision: number;
}
