/** `short` is what `npm test` runs: the same steps, fewer of them. */
export type Size = 'full' | 'short';
