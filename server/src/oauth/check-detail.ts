import {
  placePrecisions,
  timePrecisions,
  type AppItem,
  type ConsentItem,
  consentLimits,
  type VehicleDataDetail,
  vehicleDataDetail,
} from '@milepost/contract/api';
import { Compile } from 'typebox/compile';
import type { PartnerApp } from '../partners/index.ts';

export const vehicleDataType = 'vehicle_data';
const dayMs = 86_400_000;
const compiled = Compile(vehicleDataDetail);

/** At most as fine: what is left out is the finest. */
const isWithin = <P extends string>(ladder: readonly P[], asked: P | undefined, allowed: P | undefined): boolean =>
  ladder.indexOf(asked ?? (ladder[0] as P)) >= ladder.indexOf(allowed ?? (ladder[0] as P));

const itemProblem = ({ item, place, time }: ConsentItem, declared: readonly AppItem[]): string | undefined => {
  const known = declared.find((one) => one.item === item);
  if (!known) return `the app has not declared the item ${item}`;
  const isFine = isWithin(placePrecisions, place, known.place) && isWithin(timePrecisions, time, known.time);
  return isFine ? undefined : `the app has declared the item ${item} less finely`;
};

/** Why an app may not ask for this; undefined: it may. */
export const detailProblem = (detail: unknown, app: PartnerApp, nowMs: number): string | undefined => {
  if (!compiled.Check(detail)) {
    const [error] = compiled.Errors(detail);
    return `${error?.instancePath || 'the entry'} ${error?.message ?? 'is not as it has to be'}`;
  }
  const { items, purpose, until } = detail;
  if (!app.purposes.some((one) => one.purpose === purpose)) return `the app has not declared the purpose ${purpose}`;
  const untilMs = until === undefined ? undefined : Date.parse(until);
  if (untilMs !== undefined && !(untilMs > nowMs && untilMs <= nowMs + consentLimits.grantDaysMax * dayMs))
    return '`until` must be a moment ahead, and at most ten years';
  const names = items.map(({ item }) => item);
  if (new Set(names).size < names.length) return 'an item is asked for twice';
  return items.map((item) => itemProblem(item, app.items)).find((problem) => problem !== undefined);
};

/** Those of `authorization_details` that are ours; they were checked before they were kept. */
export const detailsOf = (text: unknown): VehicleDataDetail[] => {
  const details: unknown = typeof text === 'string' ? JSON.parse(text) : text;
  return Array.isArray(details) ? details.filter((detail): detail is VehicleDataDetail => compiled.Check(detail)) : [];
};
