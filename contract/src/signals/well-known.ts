import { coreSignal } from './vocabulary.ts';

/** Stored numbers of the signals that Milepost's own rules read. */
export const wellKnown = {
  latitude: coreSignal('Vehicle.CurrentLocation.Latitude').number,
  longitude: coreSignal('Vehicle.CurrentLocation.Longitude').number,
  heading: coreSignal('Vehicle.CurrentLocation.Heading').number,
  speed: coreSignal('Vehicle.Speed').number,
  mileage: coreSignal('Vehicle.TraveledDistance').number,
  energyPercent: coreSignal('Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed').number,
  range: coreSignal('Vehicle.Powertrain.TractionBattery.Range').number,
  weight: coreSignal('Vehicle.CurrentOverallWeight').number,
  faultCodes: coreSignal('Vehicle.Diagnostics.DTCList').number,
  faultCodeCount: coreSignal('Vehicle.Diagnostics.DTCCount').number,
  isBrokenDown: coreSignal('Vehicle.IsBrokenDown').number,
  deviceBatteryVoltage: coreSignal('Vehicle.Device.BatteryVoltage').number,
  deviceBatteryLevel: coreSignal('Vehicle.Device.BatteryLevel').number,
} as const;
