import { coreSignal } from '../../contract/src/index.ts';

/** Numbers of the thirteen signals of the reports that benches are made of: way, place, heading, speed, charge, range, weight, faults, tires. */
export const reportSignals = [
  'Vehicle.TraveledDistance',
  'Vehicle.CurrentLocation.Latitude',
  'Vehicle.CurrentLocation.Longitude',
  'Vehicle.CurrentLocation.Heading',
  'Vehicle.Speed',
  'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed',
  'Vehicle.Powertrain.TractionBattery.Range',
  'Vehicle.CurrentOverallWeight',
  'Vehicle.Diagnostics.DTCCount',
  'Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure',
  'Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.Pressure',
  'Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure',
  'Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.Pressure',
].map((path) => coreSignal(path).number) as [number, number, number, number, number, number, number, number, number, ...number[]];
