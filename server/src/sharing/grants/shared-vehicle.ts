import { present, type SignalDefinition, type Vocabulary } from '@milepost/contract';
import type { SharedVehicle } from '@milepost/contract/api';
import type { SignalPrecision } from '../../events/index.ts';
import { invalidField } from '../../kernel/index.ts';
import { isGroup } from './items.ts';
import { itemsOf, type WithheldParts, withheldReason } from './withheld.ts';

/** A latest value as a scope tells it. */
export interface Told {
  readonly signalNumber: number;
  readonly stored: number | string;
  readonly timeMs: number;
  readonly precision: SignalPrecision;
}

export interface SharedVehicleParts extends WithheldParts {
  readonly vocabulary: Pick<Vocabulary, 'byPath' | 'byNumber' | 'signals'>;
  /** Opaque id of the vehicle, of this reader alone. */
  readonly vehicle: string;
  /** Groups and paths asked for; undefined: all that the reader was ever given. */
  readonly items?: readonly string[] | undefined;
  /** What the reader's scope tells now. */
  readonly told: readonly Told[];
  readonly nowMs: number;
}

type SharedSignal = SharedVehicle['signals'][string];

/** As answers show it. */
export const shownPrecision = (
  { perUnit }: Pick<SignalDefinition, 'perUnit'>,
  { place, time, above }: SignalPrecision,
): SharedSignal['precision'] => ({
  time,
  ...(place === 'exact' ? {} : { place }),
  ...(above === null ? {} : { above: above / perUnit }),
});

/** Of a threshold whether the value is above it. */
export const shownValue = (
  signal: SignalDefinition,
  stored: number | string,
  { above }: Pick<SignalPrecision, 'above'>,
): SharedSignal['value'] => {
  const value = above === null ? present(signal, stored) : stored === 1;
  return typeof value === 'object' ? [...value] : value;
};

/** null: it has none, or told is only whether it is above a threshold. */
export const shownUnit = ({ unit }: Pick<SignalDefinition, 'unit'>, { above }: Pick<SignalPrecision, 'above'>): string | null =>
  above !== null || unit === '' ? null : unit;

const signalOf = (signal: SignalDefinition, { stored, timeMs, precision }: Told, nowMs: number): SharedSignal => ({
  value: shownValue(signal, stored, precision),
  unit: shownUnit(signal, precision),
  time: new Date(timeMs).toISOString(),
  ageMs: Math.max(0, Math.round(nowMs - timeMs)),
  precision: shownPrecision(signal, precision),
});

/**
 * What a partner, or a driver by a grant, is answered about one vehicle: values with their age, however old, and a reason for each item of
 * which there is none. Throws `invalid_field` for an item that is no group and no known path.
 */
export const sharedVehicleOf = (parts: SharedVehicleParts): SharedVehicle => {
  const { vocabulary, told, vehicle, nowMs, book, reader, vehicleNo } = parts;
  const items = parts.items ?? itemsOf(book, reader, vehicleNo);
  const unknown = items.find((item) => !isGroup(item) && !vocabulary.byPath(item));
  if (unknown !== undefined) throw invalidField('items', unknown, 'consent groups and paths of known signals');
  const wanted = new Set(items);
  const signals: SharedVehicle['signals'] = {};
  const found = new Set<string>();
  for (const one of told) {
    const signal = vocabulary.byNumber(one.signalNumber);
    if (!signal || !(wanted.has(signal.path) || wanted.has(signal.group))) continue;
    signals[signal.path] = signalOf(signal, one, nowMs);
    found.add(signal.path);
  }
  const withheld = items.flatMap((item): SharedVehicle['withheld'] => {
    // Of a group a signal may be told by itself: the group is then withheld all the same.
    const reason = found.has(item) && !isGroup(item) ? undefined : withheldReason(parts, item);
    return reason === undefined ? [] : [{ item, reason }];
  });
  return { vehicle, signals, withheld };
};
