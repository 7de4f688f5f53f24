import type { DayWanted, MadeDay } from './make-day.ts';
import type { DevicePages } from './read-samples.ts';

/** To the thread that makes days. */
export type DayRequest =
  | { readonly id: number; readonly make: DayWanted }
  /** What it asked for; undefined: it could not be read, so that the day is given up. */
  | { readonly id: number; readonly read: readonly DevicePages[] | undefined };

/** From it. Each day asks for one period after the other, until it is made. */
export type DayAnswer =
  | { readonly id: number; readonly wants: { readonly fromMs: number; readonly toMs: number } }
  | { readonly id: number; readonly made: MadeDay }
  | { readonly id: number; readonly failed: { readonly message: string; readonly stack: string | undefined } };
