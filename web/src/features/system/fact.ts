import type { Presented } from '../../components/formats.ts';

/** What is known, a line each: plain words, the technical term small below them, the figure at the edge. */
export interface Fact {
  readonly name: string;
  readonly term?: string;
  readonly value: Presented;
}
