import { type ConsentGroup, consentGroups } from '@milepost/contract';
import type { AppItem, PartnerAppView, PlacePrecision, RouteBody, TimePrecision } from '@milepost/contract/api';

/** One item as the form has it. */
export interface ItemRow {
  readonly item: string;
  isAsked: boolean;
  reason: string;
  place: PlacePrecision;
  time: TimePrecision;
}

export type NewApp = RouteBody<'makePartnerApp'>;

const rowOf = (item: string, known: AppItem | undefined): ItemRow => ({
  item,
  isAsked: known !== undefined,
  reason: known?.reason ?? '',
  place: known?.place ?? 'exact',
  time: known?.time ?? 'report',
});

/** A row for each group, and for each signal that an app asks for by itself. */
export const itemRows = (items: readonly AppItem[]): ItemRow[] => {
  const single = items.filter(({ item }) => !consentGroups.includes(item as ConsentGroup)).map(({ item }) => item);
  return [...consentGroups, ...single].map((item) =>
    rowOf(
      item,
      items.find((one) => one.item === item),
    ),
  );
};

/** What is asked for, the finest left out. */
export const itemsOfRows = (rows: readonly ItemRow[]): AppItem[] =>
  rows
    .filter(({ isAsked }) => isAsked)
    .map(({ item, reason, place, time }) => ({
      item,
      reason: reason.trim(),
      ...(place === 'exact' || item !== 'position' ? {} : { place }),
      ...(time === 'report' ? {} : { time }),
    }));

/** One address a line. */
export const addressesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Asking to go live takes everything over but the addresses of the own machine. */
export const asLive = (app: PartnerAppView): PartnerAppView => ({
  ...app,
  environment: 'live',
  redirectAddresses: app.redirectAddresses.filter((address) => address.startsWith('https://')),
  pingAddress: app.pingAddress?.startsWith('https://') ? app.pingAddress : null,
});
