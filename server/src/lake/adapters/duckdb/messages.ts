import type { LakeColumn, LakePage } from '../../ports.ts';

export interface ThreadData {
  readonly folder: string;
  readonly columns: readonly LakeColumn[];
}

/** To the thread; each is answered once, in order. */
export type ThreadRequest = { readonly page: LakePage } | { readonly finish: true };
/** From the thread: `ready` at first, then one for each request. */
export type ThreadAnswer = { readonly done: true } | { readonly failed: string };

export const parquetName = 'export.parquet';
