import { present, type VehicleWarning, type Vocabulary, type WarningDetail, wellKnown } from '@milepost/contract';
import type {
  LatestValueView,
  PositionView,
  VehicleDetail,
  VehicleItem,
  WarningDetailView,
  WarningView,
} from '@milepost/contract/api';
import type { ReadScope } from '../../events/index.ts';
import { asSeen } from '../../sharing/index.ts';
import type { LatestValue, Live, VehicleListItem, VehicleStatus } from '../../live/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { Directory, DriverDirectory, Vehicle } from '../../registry/index.ts';
import { toIso, toIsoOrNull } from '../times.ts';

export interface ViewContext {
  readonly live: Live;
  readonly directory: Directory;
  readonly drivers: DriverDirectory;
  readonly clock: Pick<Clock, 'now'>;
  readonly vocabulary: () => Vocabulary;
}

/** Arrays of the contract's types are mutable. */
export const warningDetailView = ({ wheels, codes, ...figures }: WarningDetail): WarningDetailView => ({
  ...figures,
  ...(wheels ? { wheels: [...wheels] } : {}),
  ...(codes ? { codes: [...codes] } : {}),
});

export const warningView = (vocabulary: Vocabulary, warning: VehicleWarning): WarningView => ({
  code: warning.code,
  severity: warning.severity,
  detail: warningDetailView(warning.detail),
  text: warning.text,
  signals: warning.signals.map((number) => vocabulary.byNumber(number)?.path).filter((path) => path !== undefined),
});

const identityView = (directory: Directory, vehicle: Vehicle) => {
  const customer = directory.customerByNo(vehicle.customerNo);
  return {
    id: vehicle.id,
    vin: vehicle.vin,
    plate: vehicle.plate,
    customer: customer?.name ?? '',
    customerId: customer?.id ?? '',
    model: vehicle.model,
    groups: [...vehicle.groups],
    note: vehicle.note,
  };
};

const connectionView = ({ status, since, reason, lastSeen }: VehicleStatus) => ({
  status,
  statusSince: toIsoOrNull(since),
  statusReason: reason,
  lastSeen: toIsoOrNull(lastSeen),
});

/** Private is on. */
export const isPrivateNow = (drivers: DriverDirectory, vehicleNo: number): boolean =>
  drivers.privatePeriods(vehicleNo).at(-1)?.toMs === null;

/** Who drives it is known to whom it is known what it does. */
const drivingView = ({ drivers, clock }: ViewContext, scope: ReadScope, { vehicleNo }: Vehicle) => {
  if (!scope.seesNow(vehicleNo) || scope.isGuest?.(vehicleNo)) return { driver: null, isPrivate: false };
  const driver = drivers.driverAt(vehicleNo, clock.now());
  return {
    driver: driver ? { id: driver.id, name: driver.name } : null,
    isPrivate: isPrivateNow(drivers, vehicleNo),
  };
};

const positionView = (
  position: { readonly latitude: number; readonly longitude: number; readonly time: number },
  heading: number | null,
): PositionView => ({
  latitude: position.latitude,
  longitude: position.longitude,
  time: toIso(position.time),
  ...(heading === null ? {} : { heading }),
});

export const vehicleItemView = (context: ViewContext, scope: ReadScope, item: VehicleListItem): VehicleItem => {
  const { vehicle, status } = item;
  const map = context.live.mapVehicle(scope, vehicle.vehicleNo);
  const vocabulary = context.vocabulary();
  return {
    ...identityView(context.directory, asSeen(scope, vehicle)),
    ...connectionView(status),
    ...drivingView(context, scope, vehicle),
    position: item.position && positionView(item.position, map?.headingDegrees ?? null),
    warnings: item.warnings.map((warning) => warningView(vocabulary, warning)),
    energyPercent: item.energyPercent,
    rangeKm: item.rangeM === null ? null : item.rangeM / 1000,
    speedKmh: map?.speedKmh ?? null,
  };
};

/** `isGuest`: not by which device. */
export const latestView = (
  context: ViewContext,
  values: readonly LatestValue[],
  isGuest: boolean,
): Record<string, LatestValueView> => {
  const vocabulary = context.vocabulary();
  const latest: Record<string, LatestValueView> = {};
  for (const value of values) {
    const signal = vocabulary.byNumber(value.signalNumber);
    if (!signal) continue;
    const shown = present(signal, value.stored);
    latest[signal.path] = {
      value: typeof shown === 'object' ? [...shown] : shown,
      unit: signal.unit,
      time: toIso(value.time),
      receivedAt: toIso(value.receivedAt),
      deviceId: isGuest ? null : (context.directory.deviceByNo(value.deviceNo)?.id ?? null),
    };
  }
  return latest;
};

/** Latitude and longitude that belong together: both of the latest, at the older of their times. */
const latestPosition = (context: ViewContext, values: readonly LatestValue[]): PositionView | null => {
  const vocabulary = context.vocabulary();
  const find = (number: number): LatestValue | undefined => values.find((value) => value.signalNumber === number);
  const inUnit = (value: LatestValue): number => Number(value.stored) / (vocabulary.byNumber(value.signalNumber)?.perUnit ?? 1);
  const latitude = find(wellKnown.latitude);
  const longitude = find(wellKnown.longitude);
  const heading = find(wellKnown.heading);
  if (!latitude || !longitude) return null;
  const position = { latitude: inUnit(latitude), longitude: inUnit(longitude), time: Math.min(latitude.time, longitude.time) };
  return positionView(position, heading ? inUnit(heading) : null);
};

const devicesView = (directory: Directory, vehicleNo: number): VehicleDetail['devices'] =>
  directory.devicesOnVehicle(vehicleNo).map((device) => ({
    id: device.id,
    imei: device.imei,
    kind: device.kind,
    since: toIsoOrNull(device.assignments.findLast((assignment) => assignment.vehicleNo === vehicleNo)?.fromMs ?? null),
  }));

/** `sharedItems`: of who sees it by a grant alone. */
export const vehicleDetailView = (
  context: ViewContext,
  scope: ReadScope,
  vehicle: Vehicle,
  sharedItems: VehicleDetail['sharedItems'] = null,
): VehicleDetail => {
  const { live, directory } = context;
  const values = live.latest(scope, vehicle.vehicleNo);
  const vocabulary = context.vocabulary();
  const isGuest = scope.isGuest?.(vehicle.vehicleNo) === true;
  return {
    ...identityView(directory, vehicle),
    isVinCheckDigitValid: vehicle.isVinCheckDigitValid,
    grossWeightKg: vehicle.grossWeightKg,
    batteryKwh: vehicle.batteryKwh,
    tirePlacardKpa: vehicle.tirePlacardKpa && [...vehicle.tirePlacardKpa],
    createdAt: toIso(vehicle.createdAt),
    endedAt: toIsoOrNull(vehicle.endedAt),
    ...connectionView(live.status(scope, vehicle.vehicleNo)),
    ...drivingView(context, scope, vehicle),
    position: latestPosition(context, values),
    warnings: live.warnings(scope, vehicle.vehicleNo).map((warning) => warningView(vocabulary, warning)),
    devices: scope.seesNow(vehicle.vehicleNo) && !isGuest ? devicesView(directory, vehicle.vehicleNo) : [],
    sharedItems,
    latest: latestView(context, values, isGuest),
  };
};
