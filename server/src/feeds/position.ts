import { type TimePrecision, timePrecisions } from '@milepost/contract/api';
import { invalidField, makeSealing } from '../kernel/index.ts';

/** By physical partition of the log, the offset from which on it was not read yet. */
export type Offsets = Readonly<Record<number, number>>;

/** A number, or from and to, both of them too. */
export type Numbers = number | readonly [number, number];

/** Up to where somebody was told. */
export interface FeedPosition {
  readonly appNo: number;
  /** When it was made, ms. */
  readonly atMs: number;
  /**
   * What is told of each report is told as it comes; what is told once a minute, an hour or a day when the period in which it came is over: so
   * each has its own place in the log. One that is not there was not needed yet, and begins where reports stand.
   */
  readonly log: Readonly<Partial<Record<TimePrecision, Offsets>>> & { readonly report: Offsets };
  /**
   * Events of grants: all that were written `writtenLateMs` before are told, and after it those of these numbers, from and to. Written at, ms by the
   * database's clock.
   */
  readonly grants: { readonly writtenMs: number; readonly told: readonly Numbers[] };
}

const version = 1;

const isOffsets = (value: unknown): value is Offsets =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((offset) => Number.isSafeInteger(offset) && (offset as number) >= 0);

const isPosition = (value: unknown): value is FeedPosition & { readonly version: number } => {
  if (typeof value !== 'object' || value === null) return false;
  const { appNo, atMs, log, grants, ...rest } = value as Partial<FeedPosition> & { readonly version?: number };
  return (
    rest.version === version &&
    Number.isSafeInteger(appNo) &&
    Number.isSafeInteger(atMs) &&
    isOffsets(log?.report) &&
    timePrecisions.every((time) => log[time] === undefined || isOffsets(log[time])) &&
    typeof grants?.writtenMs === 'number' &&
    Array.isArray(grants.told)
  );
};

/** Cursors of apps. Encrypted: offsets would say how much everybody else reports. */
export interface PositionCodec {
  write(position: FeedPosition): string;
  /** Throws `invalid_field`. */
  read(cursor: string, appNo: number): FeedPosition;
}

export const makePositionCodec = (pepper: Uint8Array): PositionCodec => {
  const sealing = makeSealing(pepper, 'milepost feed cursor 1');
  const open = (cursor: string): unknown => {
    const text = sealing.open(Buffer.from(cursor, 'base64url'));
    return text === undefined ? undefined : JSON.parse(text);
  };
  return {
    write: (position) => sealing.seal(JSON.stringify({ version, ...position })).toString('base64url'),
    read: (cursor, appNo) => {
      const found = open(cursor);
      if (!isPosition(found) || found.appNo !== appNo)
        throw invalidField('cursor', cursor.slice(0, 40), 'one that this app was given here');
      const { version: _version, ...position } = found;
      return position;
    },
  };
};
