import { assert } from '../../../kernel/index.ts';
import type { StatusChange } from '../../ports.ts';
import { reasonNames, statusNames } from '../../status-codes.ts';

/** A change of status as it lies in a month file. */
export interface StatusRow {
  readonly vehicle_no: number;
  readonly at: number;
  readonly to_status: number;
  readonly from_status: number;
  readonly reason: number;
}

export const statusOf = (row: StatusRow): StatusChange => {
  const from = statusNames.get(row.from_status);
  const to = statusNames.get(row.to_status);
  const reason = reasonNames.get(row.reason);
  assert(from && to && reason, `status change ${JSON.stringify(row)} has a code that is unknown`);
  return { vehicleNo: row.vehicle_no, at: row.at, from, to, reason };
};
