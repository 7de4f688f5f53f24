import type { ConsentGroup, DataActClass, DeviceKind, SignalDefinition } from './definition.ts';

const vehicleFirst: readonly DeviceKind[] = ['vehicle', 'tracker', 'dashcam', 'phone'];
const trackerFirst: readonly DeviceKind[] = ['tracker', 'vehicle', 'dashcam', 'phone'];

interface Options {
  readonly class?: DataActClass;
  readonly origin?: 'vss' | 'milepost';
  readonly priority?: readonly DeviceKind[];
}

const common = (number: number, path: string, group: ConsentGroup, label: string, options: Options) => ({
  number,
  path: `Vehicle.${path}`,
  group,
  label,
  dataActClass: options.class ?? ('raw' as const),
  origin: options.origin ?? ('vss' as const),
  sourcePriority: options.priority ?? vehicleFirst,
});

type Bounds = readonly [min: number, max: number];

const numeric = (
  number: number,
  path: string,
  group: ConsentGroup,
  label: string,
  unit: string,
  perUnit: number,
  [min, max]: Bounds,
  options: Options = {},
): SignalDefinition => ({ ...common(number, path, group, label, options), kind: 'number', unit, perUnit, min, max });

const flag = (number: number, path: string, group: ConsentGroup, label: string, options: Options = {}): SignalDefinition => ({
  ...common(number, path, group, label, options),
  kind: 'boolean',
  unit: '',
  perUnit: 1,
  min: 0,
  max: 1,
});

const choice = (
  number: number,
  path: string,
  group: ConsentGroup,
  label: string,
  values: readonly string[],
  options: Options = {},
): SignalDefinition => ({
  ...common(number, path, group, label, options),
  kind: 'enum',
  unit: '',
  perUnit: 1,
  min: 0,
  max: values.length - 1,
  values,
});

const text = (
  kind: 'string' | 'stringList',
  number: number,
  path: string,
  group: ConsentGroup,
  label: string,
  maxBytes: number,
  options: Options = {},
): SignalDefinition => ({ ...common(number, path, group, label, options), kind, unit: '', perUnit: 1, min: 0, max: maxBytes });

const battery = 'Powertrain.TractionBattery';
const tracked: Options = { priority: trackerFirst };
const own: Options = { origin: 'milepost' };
const ownPreProcessed: Options = { origin: 'milepost', class: 'preProcessed' };

/** The four wheels in the order in which every table, chart and format lists them. */
export const wheels = [
  { row: 1, side: 'Left', label: 'Front left' },
  { row: 1, side: 'Right', label: 'Front right' },
  { row: 2, side: 'Left', label: 'Rear left' },
  { row: 2, side: 'Right', label: 'Rear right' },
] as const;

const perWheel = (make: (wheelPath: string, index: number, label: string) => SignalDefinition): SignalDefinition[] =>
  wheels.map((wheel, index) => make(`Chassis.Axle.Row${wheel.row}.Wheel.${wheel.side}`, index, wheel.label));

/**
 * Bounds: VSS's own where it has them. Elsewhere they are wide enough for any road vehicle and narrow enough to
 * refuse sentinels of common devices (0xFFFF, 655.35, 2^31): see docs/signals.md.
 * `uint16` weights of VSS end at 65,535 kg; ours reach 200 t, which is the heaviest road combination.
 */
export const coreSignals: readonly SignalDefinition[] = [
  numeric(1, 'TraveledDistance', 'mileage', 'Mileage', 'm', 1, [0, 4_294_967_295]),
  numeric(2, 'CurrentLocation.Latitude', 'position', 'Latitude', 'degrees', 10_000_000, [-90, 90], tracked),
  numeric(3, 'CurrentLocation.Longitude', 'position', 'Longitude', 'degrees', 10_000_000, [-180, 180], tracked),
  numeric(4, 'CurrentLocation.Altitude', 'position', 'Altitude', 'm', 10, [-500, 20_000], tracked),
  numeric(5, 'CurrentLocation.Heading', 'position', 'Heading', 'degrees', 10, [0, 360], tracked),
  numeric(6, 'CurrentLocation.HorizontalAccuracy', 'position', 'Position accuracy', 'm', 10, [0, 100_000], tracked),
  numeric(7, 'Speed', 'motion', 'Speed', 'km/h', 100, [-150, 450]),
  numeric(8, `${battery}.StateOfCharge.Displayed`, 'energy', 'Battery level', 'percent', 100, [0, 100]),
  numeric(9, `${battery}.StateOfCharge.Current`, 'energy', 'Physical battery level', 'percent', 100, [0, 100]),
  numeric(10, `${battery}.StateOfCharge.CurrentEnergy`, 'energy', 'Energy left', 'kWh', 1000, [0, 2000]),
  numeric(11, `${battery}.Range`, 'energy', 'Range now', 'm', 1, [0, 3_000_000]),
  numeric(12, `${battery}.RangeAtFullCharge`, 'energy', 'Range at full charge', 'm', 1, [0, 3_000_000], ownPreProcessed),
  numeric(13, `${battery}.StateOfHealth`, 'energy', 'Battery health', 'percent', 100, [0, 100], { class: 'preProcessed' }),
  numeric(14, `${battery}.NetCapacity`, 'energy', 'Usable battery capacity', 'kWh', 100, [0, 2000]),
  numeric(15, `${battery}.GrossCapacity`, 'energy', 'Battery capacity', 'kWh', 100, [0, 2000]),
  ...perWheel((wheel, i, label) =>
    numeric(16 + i, `${wheel}.Tire.Pressure`, 'tires', `${label} tire pressure`, 'kPa', 1, [0, 1500]),
  ),
  ...perWheel((wheel, i, label) => flag(20 + i, `${wheel}.Tire.IsPressureLow`, 'tires', `${label} tire pressure low`)),
  ...perWheel((wheel, i, label) =>
    numeric(24 + i, `${wheel}.Tire.AirTemperature`, 'tires', `${label} tire temperature`, 'Celsius', 10, [-60, 250]),
  ),
  ...perWheel((wheel, i, label) =>
    numeric(28 + i, `${wheel}.Tire.PlacardPressure`, 'tires', `${label} placard pressure`, 'kPa', 1, [0, 1500], own),
  ),
  numeric(32, 'CurrentOverallWeight', 'weight', 'Weight', 'kg', 1, [0, 200_000]),
  numeric(33, 'GrossWeight', 'weight', 'Maximum weight', 'kg', 1, [0, 200_000]),
  numeric(34, 'CurbWeight', 'weight', 'Empty weight', 'kg', 1, [0, 200_000]),
  text('stringList', 35, 'Diagnostics.DTCList', 'warnings', 'Fault codes', 1024),
  numeric(36, 'Diagnostics.DTCCount', 'warnings', 'Number of fault codes', '', 1, [0, 255]),
  flag(37, 'ADAS.ABS.IsError', 'warnings', 'ABS fault'),
  flag(38, 'ADAS.ESC.IsError', 'warnings', 'Stability control fault'),
  flag(39, 'ADAS.TCS.IsError', 'warnings', 'Traction control fault'),
  text('stringList', 40, `${battery}.ErrorCodes`, 'warnings', 'Battery fault codes', 1024),
  ...perWheel((wheel, i, label) => flag(41 + i, `${wheel}.Brake.IsFluidLevelLow`, 'warnings', `${label} brake fluid low`)),
  ...perWheel((wheel, i, label) => flag(45 + i, `${wheel}.Brake.IsBrakesWorn`, 'warnings', `${label} brake worn`)),
  flag(49, 'IsBrokenDown', 'warnings', 'Broken down'),
  flag(50, `${battery}.Charging.IsCharging`, 'energy', 'Charging'),
  numeric(51, `${battery}.Charging.ChargeLimit`, 'energy', 'Charge limit', 'percent', 1, [0, 100]),
  numeric(52, `${battery}.Charging.TimeToComplete`, 'energy', 'Time to full', 's', 1, [0, 2_592_000]),
  numeric(53, `${battery}.Charging.AveragePower`, 'energy', 'Charging power', 'kW', 100, [0, 10_000]),
  numeric(54, `${battery}.Temperature.Average`, 'energy', 'Battery temperature', 'Celsius', 10, [-60, 150]),
  numeric(55, `${battery}.CurrentVoltage`, 'energy', 'Battery voltage', 'V', 10, [0, 3000]),
  numeric(56, `${battery}.CurrentCurrent`, 'energy', 'Battery current', 'A', 10, [-10_000, 10_000]),
  numeric(57, `${battery}.CurrentPower`, 'energy', 'Battery power', 'W', 1, [-5_000_000, 5_000_000]),
  flag(58, 'Service.IsServiceDue', 'warnings', 'Service due'),
  numeric(59, 'Service.DistanceToService', 'warnings', 'Distance to service', 'km', 10, [-1_000_000, 1_000_000]),
  numeric(60, 'Service.TimeToService', 'warnings', 'Time to service', 's', 1, [-315_360_000, 315_360_000]),
  text('string', 61, 'VehicleIdentification.LicensePlate', 'identity', 'Plate', 32),
  text('string', 62, 'VehicleIdentification.VIN', 'identity', 'VIN', 32),
  text('string', 63, 'VehicleIdentification.Brand', 'identity', 'Brand', 64),
  text('string', 64, 'VehicleIdentification.Model', 'identity', 'Model', 64),
  numeric(65, 'Powertrain.Transmission.CurrentGear', 'motion', 'Gear', '', 1, [-128, 127]),
  numeric(66, 'Acceleration.Longitudinal', 'motion', 'Acceleration', 'm/s^2', 100, [-160, 160]),
  numeric(67, 'Acceleration.Lateral', 'motion', 'Lateral acceleration', 'm/s^2', 100, [-160, 160]),
  numeric(68, 'Acceleration.Vertical', 'motion', 'Vertical acceleration', 'm/s^2', 100, [-160, 160]),
  flag(69, 'IsMoving', 'motion', 'Moving'),
  numeric(70, 'Exterior.AirTemperature', 'body', 'Outside temperature', 'Celsius', 10, [-90, 90]),
  numeric(71, 'Exterior.Humidity', 'body', 'Outside humidity', 'percent', 10, [0, 100]),
  numeric(72, 'Cabin.HVAC.AmbientAirTemperature', 'body', 'Inside temperature', 'Celsius', 10, [-90, 120]),
  numeric(73, 'LowVoltageBattery.CurrentVoltage', 'body', '12 V battery', 'V', 100, [0, 60]),
  choice(74, 'LowVoltageSystemState', 'body', 'Ignition', ['UNDEFINED', 'LOCK', 'OFF', 'ACC', 'ON', 'START']),
  flag(75, 'Cabin.Door.Row1.DriverSide.IsOpen', 'body', 'Driver door open'),
  flag(76, 'Cabin.Door.Row1.PassengerSide.IsOpen', 'body', 'Passenger door open'),
  flag(77, 'Cabin.Door.Row2.DriverSide.IsOpen', 'body', 'Rear door open, driver side'),
  flag(78, 'Cabin.Door.Row2.PassengerSide.IsOpen', 'body', 'Rear door open, passenger side'),
  flag(79, 'Cabin.Door.Row1.DriverSide.IsLocked', 'body', 'Driver door locked'),
  flag(80, 'Cabin.Door.Row1.PassengerSide.IsLocked', 'body', 'Passenger door locked'),
  flag(81, `${battery}.Charging.ChargingPort.AnyPosition.IsChargingCableConnected`, 'energy', 'Charging cable connected'),
  numeric(82, `${battery}.AccumulatedChargedEnergy`, 'energy', 'Energy charged in total', 'kWh', 1000, [0, 10_000_000]),
  numeric(83, `${battery}.AccumulatedConsumedEnergy`, 'energy', 'Energy used in total', 'kWh', 1000, [0, 10_000_000]),
  choice(90, 'Lamp.CheckEngine', 'warnings', 'Engine warning lamp', ['OFF', 'ON', 'BLINKING'], own),
  choice(91, 'Lamp.Brake', 'warnings', 'Brake warning lamp', ['OFF', 'ON', 'BLINKING'], own),
  choice(92, 'Lamp.Battery', 'warnings', 'Battery warning lamp', ['OFF', 'ON', 'BLINKING'], own),
  choice(93, 'Lamp.TirePressure', 'warnings', 'Tire pressure lamp', ['OFF', 'ON', 'BLINKING'], own),
  choice(94, 'Lamp.Airbag', 'warnings', 'Airbag warning lamp', ['OFF', 'ON', 'BLINKING'], own),
  choice(95, 'Lamp.PowerReduced', 'warnings', 'Reduced power lamp', ['OFF', 'ON', 'BLINKING'], own),
  numeric(96, 'Device.BatteryVoltage', 'status', 'Device battery', 'V', 1000, [0, 60], { ...own, ...tracked }),
  numeric(97, 'Device.BatteryLevel', 'status', 'Device battery level', 'percent', 1, [0, 100], { ...own, ...tracked }),
  numeric(98, 'Device.SignalStrength', 'status', 'Mobile signal', 'dBm', 1, [-150, 0], { ...own, ...tracked }),
];
