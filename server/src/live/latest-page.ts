import { type SavablePage, vehiclesPerPage } from './pages.ts';

/**
 * One signal of 1,024 vehicles: four numbers a vehicle side by side, so that taking a value touches one cache line
 * instead of four (records come in no order of vehicles).
 */
export interface LatestPage extends SavablePage {
  readonly cells: Float64Array;
  /** Texts by slot, for signals that hold texts; the stored number is NaN there. */
  texts: (string | undefined)[] | null;
  /** Newest entry of the guard about this page + 1; 0: none. */
  undo: number;
}
/** Numbers of a cell: stored value, sample time in ms (−1: no value), receivedAt in ms, deviceNo. */
export const cell = { length: 4, stored: 0, time: 1, receivedAt: 2, device: 3 } as const;
export const latestPageBytes = vehiclesPerPage * cell.length * 8;

export const latestPageOver = (buffer: SharedArrayBuffer, savedIn: number): LatestPage => ({
  buffer,
  savedIn,
  cells: new Float64Array(buffer),
  texts: null,
  undo: 0,
});
