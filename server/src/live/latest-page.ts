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

/** Takes over what one page says of a vehicle; `at`: its cell. */
export const copyCell = (from: LatestPage, to: LatestPage, at: number): void => {
  to.cells.set(from.cells.subarray(at, at + cell.length), at);
  const slot = at / cell.length;
  const text = from.texts?.[slot];
  if (text === undefined && !to.texts) return;
  to.texts ??= Array.from({ length: vehiclesPerPage });
  to.texts[slot] = text;
};

/** Forgets the vehicles of a page that are not `wanted`. */
export const keepInLatestPage = (page: LatestPage, wanted: (slot: number) => boolean): void => {
  for (let slot = 0; slot < vehiclesPerPage; slot++) {
    if (wanted(slot)) continue;
    page.cells[slot * cell.length + cell.time] = -1;
    if (page.texts) page.texts[slot] = undefined;
  }
};
