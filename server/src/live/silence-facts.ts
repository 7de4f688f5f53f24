import { coreSignal, wellKnown } from '@milepost/contract';
import type { Directory } from '../registry/index.ts';
import type { LatestTable } from './latest-table.ts';
import { batteryLowPercent, batteryLowVolts, batteryValueAgeMaxMs, timeoutMsMin } from './limits.ts';
import type { StatusTimeouts } from './types.ts';

const voltsPerUnit = coreSignal('Vehicle.Device.BatteryVoltage').perUnit;

const timeoutMs = (device: number | null | undefined, customer: number | null | undefined, defaultMs: number): number => {
  const seconds = device ?? customer ?? null;
  return Math.max(timeoutMsMin, seconds === null ? defaultMs : seconds * 1000);
};

/** The device's own timeouts, else those of the vehicle's customer, else the defaults. */
export const makeTimeoutsOf =
  (directory: Directory, defaults: StatusTimeouts) =>
  (vehicleNo: number, deviceNo: number): StatusTimeouts => {
    const device = directory.deviceByNo(deviceNo);
    const customer = directory.customerByNo(directory.vehicleByNo(vehicleNo)?.customerNo ?? 0);
    return {
      lateAfterMs: timeoutMs(device?.lateAfterSeconds, customer?.lateAfterSeconds, defaults.lateAfterMs),
      offlineAfterMs: timeoutMs(device?.offlineAfterSeconds, customer?.offlineAfterSeconds, defaults.offlineAfterMs),
    };
  };

/** The device's own battery was low when it was heard last. */
export const makeIsBatteryLow =
  (latest: LatestTable) =>
  (vehicleNo: number, lastSeen: number): boolean => {
    const isUnder = (signal: number, limit: number): boolean => {
      if (!(latest.number(vehicleNo, signal) < limit)) return false;
      return (latest.value(vehicleNo, signal)?.receivedAt ?? 0) >= lastSeen - batteryValueAgeMaxMs;
    };
    return (
      isUnder(wellKnown.deviceBatteryVoltage, batteryLowVolts * voltsPerUnit) ||
      isUnder(wellKnown.deviceBatteryLevel, batteryLowPercent)
    );
  };
