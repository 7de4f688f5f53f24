import type { FeedEvent } from '@milepost/contract/api';
import { isHiddenNow, isWithin, type ReadScope, signalPermission } from '../events/index.ts';
import { itemsOf, shownPrecision, withheldReason } from '../sharing/index.ts';
import type { FeedParts } from './feed.ts';

/**
 * What of an event that waited may still be told, by the grants of now: nothing that was taken back, made coarser or erased meanwhile. Undefined:
 * nothing.
 */
export const stillTold = (
  parts: FeedParts,
  scope: ReadScope,
  appNo: number,
  vehicleNo: number,
  event: FeedEvent,
): FeedEvent | undefined => {
  if (event.type !== 'vehicle.changed') return event;
  const { vocabulary, kept, book, live } = parts;
  const signals = Object.entries(event.signals).filter(([path, { time, precision }]) => {
    const signal = vocabulary().byPath(path);
    const permission = signal && signalPermission(scope, vehicleNo, signal.number, signal.group);
    if (!signal || !permission) return false;
    if (JSON.stringify(shownPrecision(signal, permission.precision)) !== JSON.stringify(precision)) return false;
    // What is told of a period has the end of it as its time.
    const timeMs = Date.parse(time) - (precision.time === 'report' ? 0 : 1);
    return isWithin(permission.periods, timeMs) && !isHiddenNow(permission.hidden, timeMs) && !kept.isErased(vehicleNo, timeMs);
  });
  if (signals.length === 0) return undefined;
  const reader = { kind: 'app', appNo } as const;
  const hasValue = ({ number }: { readonly number: number }): boolean => live.peek(vehicleNo, number) !== undefined;
  const withheld = itemsOf(book, reader, vehicleNo).flatMap((item) => {
    const reason = withheldReason({ book, vocabulary: vocabulary(), reader, vehicleNo, hasValue }, item);
    return reason === undefined ? [] : [{ item, reason }];
  });
  return { ...event, signals: Object.fromEntries(signals), withheld };
};
