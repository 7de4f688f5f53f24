import { createHmac } from 'node:crypto';
import type { SignalDefinition, Vocabulary } from '@milepost/contract';
import type { VehicleChanged } from '@milepost/contract/api';
import { periodMsOf, type ReadScope, signalPermission } from '../events/index.ts';
import type { History, HistoryResult } from '../history/index.ts';
import { type GrantBook, sharedVehicleOf, type Told, type VehicleIds } from '../sharing/index.ts';
import type { PeriodPrecision } from './tell-report.ts';

export interface TellVehicleParts {
  readonly book: Pick<GrantBook, 'of'>;
  readonly vehicleIds: Pick<VehicleIds, 'idOf'>;
  readonly live: { peek(vehicleNo: number, signalNumber: number): unknown };
  readonly history: Pick<History, 'query'>;
  readonly vocabulary: () => Pick<Vocabulary, 'byPath' | 'byNumber' | 'signals'>;
  readonly clock: { now(): number };
  readonly pepper: Uint8Array;
}

export interface ToldTo {
  readonly appNo: number;
  readonly scope: ReadScope;
}

/** By what says what was told: whoever is told it again sees that. Offsets are nobody's business, so they are hashed with the pepper. */
const idOf = (pepper: Uint8Array, of: readonly (number | string)[]): string =>
  `evt_${createHmac('sha256', pepper)
    .update(`feed event:${of.join(':')}`)
    .digest('hex')
    .slice(0, 24)}`;

/** What an app is told of a vehicle. `of` names what is told. */
export const vehicleEvent = (
  parts: TellVehicleParts,
  { appNo }: Pick<ToldTo, 'appNo'>,
  vehicleNo: number,
  told: readonly Told[],
  of: readonly (number | string)[],
): VehicleChanged => {
  const { book, vehicleIds, live, vocabulary, clock, pepper } = parts;
  const shared = sharedVehicleOf({
    book,
    reader: { kind: 'app', appNo },
    vehicleNo,
    vehicle: vehicleIds.idOf(appNo, vehicleNo),
    vocabulary: vocabulary(),
    told,
    nowMs: clock.now(),
    hasValue: ({ number }) => live.peek(vehicleNo, number) !== undefined,
  });
  const newestMs = Math.max(...told.map(({ timeMs }) => timeMs));
  return { id: idOf(pepper, [appNo, ...of]), type: 'vehicle.changed', time: new Date(newestMs).toISOString(), ...shared };
};

const lastOf = (signal: SignalDefinition, i: number, { times, raw, told }: HistoryResult, endMs: number): Told | undefined => {
  const column = raw?.[i];
  const precision = told?.[i];
  const row = times.indexOf(endMs);
  const stored = row < 0 || !column ? undefined : column.texts ? column.texts[row] : column.numbers[row];
  if (!precision || stored === undefined || stored === null || Number.isNaN(stored)) return undefined;
  return { signalNumber: signal.number, stored, timeMs: endMs, precision };
};

/** What is told of a period that is over, by its end. */
export const toldOfPeriod = async (
  { history, live, vocabulary }: TellVehicleParts,
  { scope }: Pick<ToldTo, 'scope'>,
  vehicleNo: number,
  time: PeriodPrecision,
  endMs: number,
): Promise<Told[]> => {
  const signals = vocabulary().signals.filter(
    ({ number, group }) =>
      signalPermission(scope, vehicleNo, number, group)?.precision.time === time && live.peek(vehicleNo, number) !== undefined,
  );
  if (signals.length === 0) return [];
  const query = { vehicleNo, signals: signals.map(({ number }) => number), fromMs: endMs, toMs: endMs + 1, rowsMax: 2 };
  const result = await history.query(scope, query);
  return signals.flatMap((signal, i) => lastOf(signal, i, result, endMs) ?? []);
};

/** Start of the period that goes on, ms: what came before it may be told. */
export const overMs = (time: PeriodPrecision, nowMs: number): number => Math.floor(nowMs / periodMsOf(time)) * periodMsOf(time);
