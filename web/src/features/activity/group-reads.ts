import type { ReceiptView } from '@milepost/contract/api';

export const readGroupings = ['reader', 'car', 'item'] as const;
export type ReadGrouping = (typeof readGroupings)[number];

/** What somebody read of one car: an item, by whatever ways. */
export interface ReadLine {
  readonly key: string;
  readonly of: ReceiptView;
  readonly reads: number;
  readonly lastAt: string;
  readonly channels: readonly ReceiptView['channel'][];
}

export interface ReadGroup {
  readonly key: string;
  readonly first: ReceiptView;
  readonly reads: number;
  readonly lines: readonly ReadLine[];
}

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** A Monday. */
const firstMondayMs = 4 * dayMs;

/** The Monday, in UTC, of the week of a moment: as receipts are added up. */
export const mondayOf = (ms: number): number => Math.floor((ms - firstMondayMs) / weekMs) * weekMs + firstMondayMs;
export const weeksAfter = (mondayMs: number, weeks: number): number => mondayMs + weeks * weekMs;
export const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The Monday that an address names; that of now when it names none that was. */
export const readWeek = (text: string, nowMs: number): number => {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? mondayOf(nowMs) : Math.min(mondayOf(ms), mondayOf(nowMs));
};

const readerKey = ({ reader }: ReceiptView): string =>
  reader.kind === 'app' ? `app:${reader.id ?? ''}` : `${reader.kind}:${reader.name ?? ''}`;

const keyOf = (read: ReceiptView, by: ReadGrouping): string => {
  if (by === 'reader') return readerKey(read);
  return by === 'car' ? read.vehicle.id : read.item;
};

const linesOf = (reads: readonly ReceiptView[]): ReadLine[] => {
  const lines = Map.groupBy(reads, (read) => `${readerKey(read)} ${read.vehicle.id} ${read.item}`);
  return [...lines]
    .map(([key, of]) => ({
      key,
      of: of[0] as ReceiptView,
      reads: of.reduce((sum, { reads: count }) => sum + count, 0),
      lastAt:
        of
          .map(({ lastAt }) => lastAt)
          .toSorted()
          .at(-1) ?? '',
      channels: [...new Set(of.map(({ channel }) => channel))],
    }))
    .toSorted((a, b) => b.reads - a.reads || a.key.localeCompare(b.key, 'en'));
};

/** Under headings, most read first. */
export const groupReads = (reads: readonly ReceiptView[], by: ReadGrouping): ReadGroup[] =>
  [...Map.groupBy(reads, (read) => keyOf(read, by))]
    .map(([key, of]) => {
      const lines = linesOf(of);
      return { key, first: of[0] as ReceiptView, reads: lines.reduce((sum, { reads: count }) => sum + count, 0), lines };
    })
    .toSorted((a, b) => b.reads - a.reads || a.key.localeCompare(b.key, 'en'));
