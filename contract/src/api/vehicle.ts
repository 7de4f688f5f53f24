import Type, { type Static } from 'typebox';
import { connectionStatuses, silenceReasons, type SilenceReason, statusReasons } from '../status.ts';
import { warningCodes } from '../warnings.ts';
import { consentItem } from './consent.ts';
import { vehicleWarning } from './warning-view.ts';
import { apiLimits, closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging } from './shared.ts';

const vin = Type.String({
  minLength: 1,
  maxLength: 32,
  description: 'ISO 3779; a check digit that does not fit is accepted and marked',
});
const plate = Type.String({ minLength: 1, maxLength: 32 });
const model = Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax });
const grossWeightKg = Type.Integer({ minimum: 1, maximum: 200_000, description: 'Maximum weight' });
const batteryKwh = Type.Number({
  exclusiveMinimum: 0,
  maximum: 2000,
  description: 'Usable energy of the full battery, kWh: what models take where the vehicle does not report it',
});
const kpa = Type.Integer({ minimum: 1, maximum: 1500 });
/** Front left, front right, rear left, rear right. An array with four items, since OpenAPI 3.1 knows no other tuple. */
const tirePlacardKpa = Type.Unsafe<[number, number, number, number]>(
  Type.Array(kpa, { minItems: 4, maxItems: 4, description: 'Front left, front right, rear left, rear right' }),
);
const groups = Type.Array(Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax }), {
  maxItems: apiLimits.groupsMax,
});
const note = Type.String({
  minLength: 1,
  maxLength: 1000,
  description: 'Where its data come from when they are not a real vehicle’s',
});
const customerNameOrId = Type.String({
  minLength: 1,
  maxLength: apiLimits.nameCharactersMax,
  description: 'Name or id; a name that is not there is made',
});

export const newVehicle = closed({
  vin,
  plate: Type.Optional(plate),
  customer: customerNameOrId,
  model: Type.Optional(model),
  grossWeightKg: Type.Optional(grossWeightKg),
  batteryKwh: Type.Optional(batteryKwh),
  tirePlacardKpa: Type.Optional(tirePlacardKpa),
  groups: Type.Optional(groups),
  note: Type.Optional(note),
});
export type NewVehicleBody = Static<typeof newVehicle>;

export const vehicleChanges = closed(
  {
    plate: Type.Optional(nullable(plate)),
    customer: Type.Optional(customerNameOrId),
    model: Type.Optional(nullable(model)),
    grossWeightKg: Type.Optional(nullable(grossWeightKg)),
    batteryKwh: Type.Optional(nullable(batteryKwh)),
    tirePlacardKpa: Type.Optional(nullable(tirePlacardKpa)),
    groups: Type.Optional(groups),
    note: Type.Optional(nullable(note)),
  },
  { minProperties: 1 },
);

export const position = closed({
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
  time: isoTime,
  heading: Type.Optional(Type.Number({ minimum: 0, maximum: 360 })),
});
export type PositionView = Static<typeof position>;

const percent = Type.Number({ minimum: 0, maximum: 100 });

/** Who drives it now, and whether where it is is hidden meanwhile. */
const driving = {
  driver: Type.Union([nullable(closed({ id: opaqueId, name: Type.String() }))], { description: 'Assigned now' }),
  isPrivate: Type.Boolean({ description: 'Private is on: nobody but the driver sees where it is' }),
};

/** How a vehicle is connected, the same in a list and alone. */
const connection = {
  status: oneOf(connectionStatuses),
  statusSince: nullable(isoTime),
  statusReason: oneOf(statusReasons),
  lastSeen: nullable(isoTime),
};

/** A vehicle in a list. */
export const vehicleItem = closed({
  id: opaqueId,
  vin: Type.String(),
  plate: nullable(Type.String()),
  customer: Type.String({ description: 'Name' }),
  customerId: Type.String({ description: 'Empty: one that the reader does not know' }),
  model: nullable(Type.String()),
  groups,
  note: nullable(Type.String()),
  ...connection,
  ...driving,
  position: nullable(position),
  warnings: Type.Array(vehicleWarning),
  energyPercent: nullable(percent),
  rangeKm: Type.Union([nullable(Type.Number({ minimum: 0, maximum: 100_000 }))], {
    description: 'As the vehicle reports it, now',
  }),
  speedKmh: nullable(Type.Number({ minimum: -150, maximum: 450 })),
});
export type VehicleItem = Static<typeof vehicleItem>;
export const vehiclePage = pageOf(vehicleItem);

export const vehicleSortWords = [
  'name',
  'status',
  'lastSeen',
  'energy',
  'range',
  'customer',
  'silence',
  '-name',
  '-status',
  '-lastSeen',
  '-energy',
  '-range',
  '-customer',
  '-silence',
] as const;
export type VehicleSortWord = (typeof vehicleSortWords)[number];

/** What the list of vehicles can be filtered by. The server has one predicate for each. */
export const vehicleFilters = {
  q: Type.Optional(
    Type.String({
      maxLength: apiLimits.searchCharactersMax,
      description: 'Words that VIN, plate, customer or model contain, all of them',
    }),
  ),
  status: Type.Optional(oneOf(connectionStatuses)),
  reason: Type.Optional(oneOf(silenceReasons, { description: 'Why it is late or offline' })),
  customer: Type.Optional(Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax, description: 'Name or id' })),
  group: Type.Optional(Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax })),
  hasGroup: Type.Optional(oneOf(['true', 'false'], { description: 'false: in no group' })),
  bbox: Type.Optional(
    Type.String({
      pattern: '^-?\\d{1,3}(\\.\\d{1,12})?(,-?\\d{1,3}(\\.\\d{1,12})?){3}$',
      maxLength: 100,
      description: 'west,south,east,north in degrees; west greater than east crosses the date line',
    }),
  ),
  warning: Type.Optional(oneOf(['true', 'false', ...warningCodes], { description: 'true: any; false: none; or a code' })),
  energyBelow: Type.Optional(
    Type.Number({ minimum: 0, maximum: 100, description: 'Percent; without a known level a vehicle is left out' }),
  ),
};
export type VehicleFilters = Static<ReturnType<typeof closed<typeof vehicleFilters>>>;

export const vehicleQuery = closed({
  ...vehicleFilters,
  sort: Type.Optional(oneOf(vehicleSortWords, { description: 'With `-`: descending. Unknown values come last' })),
  ...paging,
  format: Type.Optional(
    oneOf(['json', 'csv'], { description: 'Or by the Accept header. CSV has all that fit: `limit` and `cursor` are not taken' }),
  ),
});
export type VehicleQuery = Static<typeof vehicleQuery>;

const countOfReason = Object.fromEntries(silenceReasons.map((reason) => [reason, count()])) as Record<
  SilenceReason,
  ReturnType<typeof count>
>;

const countFields = {
  total: count(),
  byStatus: closed({ never_seen: count(), online: count(), late: count(), offline: count() }),
  byReason: closed(countOfReason),
  needAttention: count(),
};

export const vehicleGroupings = ['customer', 'group'] as const;
export type VehicleGrouping = (typeof vehicleGroupings)[number];
export const vehicleCountQuery = closed({
  ...vehicleFilters,
  by: Type.Optional(oneOf(vehicleGroupings, { description: 'Counts of each as well. A vehicle counts in each of its groups' })),
});

/** How many vehicles there are. Need attention: a warning above mere information, or offline without a goodbye. */
export const vehicleCounts = closed({
  ...countFields,
  /** In order of name, at most `vehiclePartsMax`. */
  parts: Type.Optional(
    Type.Array(closed({ name: Type.Union([nullable(Type.String())], { description: 'null: in no group' }), ...countFields })),
  ),
  /** Those that had no room. */
  furtherParts: Type.Optional(count()),
});
export type VehicleCounts = Static<typeof vehicleCounts>;

function count() {
  return Type.Integer({ minimum: 0, maximum: 2_147_483_647 });
}

export const signalValue = Type.Union([Type.Number(), Type.Boolean(), Type.String(), Type.Array(Type.String())]);

export const latestValue = closed({
  value: signalValue,
  unit: Type.String({ description: 'VSS unit; empty where there is none' }),
  time: isoTime,
  receivedAt: isoTime,
  deviceId: nullable(opaqueId),
});
export type LatestValueView = Static<typeof latestValue>;

export const assignedDevice = closed({
  id: opaqueId,
  imei: Type.String(),
  kind: Type.String(),
  since: nullable(isoTime),
});

export const vehicleDetail = closed({
  id: opaqueId,
  vin: Type.String(),
  isVinCheckDigitValid: Type.Boolean(),
  plate: nullable(Type.String()),
  customer: Type.String(),
  customerId: Type.String({ description: 'Empty: one that the reader does not know' }),
  model: nullable(Type.String()),
  grossWeightKg: nullable(Type.Number({ minimum: 0, maximum: 200_000 })),
  batteryKwh: nullable(Type.Number({ minimum: 0, maximum: 2000 })),
  tirePlacardKpa: nullable(tirePlacardKpa),
  groups,
  note: nullable(Type.String()),
  createdAt: isoTime,
  endedAt: nullable(isoTime),
  ...connection,
  ...driving,
  position: nullable(position),
  warnings: Type.Array(vehicleWarning),
  devices: Type.Array(assignedDevice),
  sharedItems: nullable(
    Type.Array(consentItem, {
      description: 'What its holder shares with the reader, who sees it by that alone; null: it is seen without',
    }),
  ),
  latest: Type.Record(Type.String(), latestValue, { description: 'By path' }),
});
export type VehicleDetail = Static<typeof vehicleDetail>;
