import { recordedDrive } from './recording.ts';

/** Of each tire: the recording has none. */
export const placardKpa = 220;
/** Under 80 % of the placard, which is a low tire (`live/warnings.ts`). */
export const lowKpa = 150;
/** A car that nobody has driven has gone so far already, so that its mileage is not 0. */
const gone = 12_000_000;

type Signals = Readonly<Record<string, number>>;

const tirePath = (axle: number, side: 'Left' | 'Right'): string => `Vehicle.Chassis.Axle.Row${axle}.Wheel.${side}.Tire.Pressure`;

const tires = (frontLeftKpa: number): Signals => ({
  [tirePath(1, 'Left')]: frontLeftKpa,
  [tirePath(1, 'Right')]: placardKpa,
  [tirePath(2, 'Left')]: placardKpa,
  [tirePath(2, 'Right')]: placardKpa,
});

/**
 * What a car says at a step of the recorded drive, which it begins anew at its end: its mileage goes on. `isLow`: its front left tire is.
 */
export const signalsAt = (step: number, isLow: boolean): Signals => {
  const rows = recordedDrive();
  const [lap, row] = [Math.floor(step / rows.length), rows[step % rows.length]];
  const [last] = rows.slice(-1);
  if (!row || !last) return tires(isLow ? lowKpa : placardKpa);
  return {
    'Vehicle.TraveledDistance': gone + lap * last.metres + row.metres,
    'Vehicle.Speed': row.speedKmh,
    'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': row.socPercent,
    'Vehicle.CurrentLocation.Latitude': row.place.lat,
    'Vehicle.CurrentLocation.Longitude': row.place.lon,
    'Vehicle.CurrentLocation.Altitude': row.place.altitudeM,
    ...tires(isLow ? lowKpa : placardKpa),
  };
};
