import type { Revised } from './directory.ts';
import { rangesOf, type WrittenRows } from './follow-changes.ts';
import type { DeviceRecord } from './rows.ts';
import type { Customer, Vehicle } from './types.ts';

/** What a transaction wrote, as it is after it. */
export interface Written {
  readonly customers?: readonly Revised<Customer>[];
  readonly vehicles?: readonly Revised<Vehicle>[];
  readonly devices?: readonly DeviceRecord[];
  /** Numbers: these are read anew, since a period has no revision. */
  readonly driverNos?: readonly number[];
  readonly driverVehicleNos?: readonly number[];
  readonly possessionVehicleNos?: readonly number[];
}

export const rangesOfWritten = (written: Written): WrittenRows => ({
  customers: rangesOf(written.customers?.map((row) => row.entity.customerNo) ?? []),
  vehicles: rangesOf(written.vehicles?.map((row) => row.entity.vehicleNo) ?? []),
  devices: rangesOf(written.devices?.map((row) => row.entity.deviceNo) ?? []),
  drivers: rangesOf(written.driverNos ?? []),
  driverVehicles: rangesOf(written.driverVehicleNos ?? []),
  possessions: rangesOf(written.possessionVehicleNos ?? []),
});
