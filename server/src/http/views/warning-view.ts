import { warningText } from '@milepost/contract';
import type { WarningEntry } from '@milepost/contract/api';
import type { WarningRecord } from '../../alerts/index.ts';
import type { ReadScope } from '../../events/index.ts';
import type { Directory } from '../../registry/index.ts';
import { asSeen } from '../../sharing/index.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import { warningDetailView } from './vehicle-view.ts';

/** Undefined: the directory does not know the vehicle. */
export const warningEntryView = (directory: Directory, scope: ReadScope, warning: WarningRecord): WarningEntry | undefined => {
  const known = directory.vehicleByNo(warning.vehicleNo);
  if (!known) return undefined;
  const vehicle = asSeen(scope, known);
  const { id, code, severity, detail, raisedMs, endedMs, rangMs, times } = warning;
  return {
    id,
    vehicleId: vehicle.id,
    vin: vehicle.vin,
    plate: vehicle.plate,
    customer: directory.customerByNo(vehicle.customerNo)?.name ?? '',
    code,
    severity,
    detail: warningDetailView(detail),
    text: warningText(code, detail),
    raisedAt: toIso(raisedMs),
    endedAt: toIsoOrNull(endedMs),
    rangAt: toIsoOrNull(rangMs),
    times,
  };
};
