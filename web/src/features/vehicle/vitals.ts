import type { LatestValueView, VehicleDetail } from '@milepost/contract/api';
import { type Presented, presentQuantity } from '../../components/present.ts';

/** A figure of the first glance: null text when nothing was reported. */
export interface Vital {
  readonly value: number | null;
  readonly text: string | null;
  readonly unit: string;
  readonly time: string | null;
}

const battery = 'Vehicle.Powertrain.TractionBattery';
export const vitalPaths = {
  energy: `${battery}.StateOfCharge.Displayed`,
  energyLeft: `${battery}.StateOfCharge.CurrentEnergy`,
  range: `${battery}.Range`,
  rangeFull: `${battery}.RangeAtFullCharge`,
  isCharging: `${battery}.Charging.IsCharging`,
  mileage: 'Vehicle.TraveledDistance',
  speed: 'Vehicle.Speed',
  weight: 'Vehicle.CurrentOverallWeight',
  grossWeight: 'Vehicle.GrossWeight',
} as const;

type Latest = Readonly<Record<string, Pick<LatestValueView, 'value' | 'unit' | 'time'> | undefined>>;

export const vitalOf = (latest: Latest, path: string): Vital => {
  const found = latest[path];
  if (!found || typeof found.value !== 'number') return { value: null, text: null, unit: '', time: null };
  return { value: found.value, time: found.time, ...presentQuantity(path, found.unit, found.value) };
};

export interface Tire {
  readonly pressure: Vital;
  readonly placard: Presented | null;
  readonly isLow: boolean;
}

const wheelPaths = ['Row1.Wheel.Left', 'Row1.Wheel.Right', 'Row2.Wheel.Left', 'Row2.Wheel.Right'] as const;
const tirePath = (wheel: string, name: string): string => `Vehicle.Chassis.Axle.${wheel}.Tire.${name}`;

/** What the first glance looks at. */
export type Glanced = Pick<VehicleDetail, 'tirePlacardKpa' | 'grossWeightKg' | 'warnings'> & { readonly latest: Latest };

/** In the order front left, front right, rear left, rear right. Low is what the server warns of, or the vehicle itself says. */
export const tiresOf = ({ latest, tirePlacardKpa, warnings }: Glanced): readonly Tire[] =>
  wheelPaths.map((wheel, index) => {
    const told = latest[tirePath(wheel, 'PlacardPressure')]?.value;
    const placardKpa = tirePlacardKpa?.[index] ?? (typeof told === 'number' ? told : undefined);
    const path = tirePath(wheel, 'Pressure');
    const isWarned = warnings.some(
      ({ code, signals }) => code === 'tire_pressure_low' && signals.some((signal) => signal.includes(wheel)),
    );
    return {
      pressure: vitalOf(latest, path),
      placard: placardKpa === undefined ? null : presentQuantity(path, 'kPa', placardKpa),
      isLow: isWarned || latest[tirePath(wheel, 'IsPressureLow')]?.value === true,
    };
  });

/** What it may weigh: by its papers, else as it says itself. */
export const weightMaxKg = ({ grossWeightKg, latest }: Pick<Glanced, 'grossWeightKg' | 'latest'>): number | null => {
  const told = latest[vitalPaths.grossWeight]?.value;
  return grossWeightKg ?? (typeof told === 'number' ? told : null);
};
