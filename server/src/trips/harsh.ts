import type { Analysis } from './analysis.ts';
import type { Segment } from './segments.ts';
import type { HarshEvent } from './types.ts';

export const findHarshEvents = (_analysis: Analysis, _segment: Segment): HarshEvent[] => [];
