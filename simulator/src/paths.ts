const battery = 'Vehicle.Powertrain.TractionBattery';
const wheelPaths = ['Row1.Wheel.Left', 'Row1.Wheel.Right', 'Row2.Wheel.Left', 'Row2.Wheel.Right'] as const;

/** Paths of the signals that the simulator reports. */
export const paths = {
  latitude: 'Vehicle.CurrentLocation.Latitude',
  longitude: 'Vehicle.CurrentLocation.Longitude',
  altitude: 'Vehicle.CurrentLocation.Altitude',
  heading: 'Vehicle.CurrentLocation.Heading',
  speed: 'Vehicle.Speed',
  accelerationAlong: 'Vehicle.Acceleration.Longitudinal',
  accelerationAcross: 'Vehicle.Acceleration.Lateral',
  systemState: 'Vehicle.LowVoltageSystemState',
  deviceVoltage: 'Vehicle.Device.BatteryVoltage',
  gear: 'Vehicle.Powertrain.Transmission.CurrentGear',
  mileage: 'Vehicle.TraveledDistance',
  energyPercent: `${battery}.StateOfCharge.Displayed`,
  energyKwh: `${battery}.StateOfCharge.CurrentEnergy`,
  isCharging: `${battery}.Charging.IsCharging`,
  chargingPower: `${battery}.Charging.AveragePower`,
  range: `${battery}.Range`,
  rangeAtFullCharge: `${battery}.RangeAtFullCharge`,
  health: `${battery}.StateOfHealth`,
  weight: 'Vehicle.CurrentOverallWeight',
  faultCodes: 'Vehicle.Diagnostics.DTCList',
  faultCodeCount: 'Vehicle.Diagnostics.DTCCount',
  outsideTemperature: 'Vehicle.Exterior.AirTemperature',
  outsideHumidity: 'Vehicle.Exterior.Humidity',
  tirePressure: wheelPaths.map((wheel) => `Vehicle.Chassis.Axle.${wheel}.Tire.Pressure`),
  tireTemperature: wheelPaths.map((wheel) => `Vehicle.Chassis.Axle.${wheel}.Tire.AirTemperature`),
} as const;
