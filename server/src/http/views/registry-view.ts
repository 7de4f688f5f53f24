import type { CustomerView, DeviceView } from '@milepost/contract/api';
import type { Customer, Device, Directory } from '../../registry/index.ts';
import { toIso, toIsoOrNull } from '../times.ts';

export const customerView = (customer: Customer): CustomerView => ({
  id: customer.id,
  name: customer.name,
  lateAfterSeconds: customer.lateAfterSeconds,
  offlineAfterSeconds: customer.offlineAfterSeconds,
});

export const deviceView = (directory: Directory, device: Device): DeviceView => ({
  id: device.id,
  imei: device.imei,
  isImeiCheckDigitValid: device.isImeiCheckDigitValid,
  kind: device.kind,
  createdAt: toIso(device.createdAt),
  revokedAt: toIsoOrNull(device.revokedAt),
  assignments: device.assignments.map((assignment) => ({
    vehicleId: directory.vehicleByNo(assignment.vehicleNo)?.id ?? '',
    from: toIsoOrNull(assignment.fromMs),
    to: toIsoOrNull(assignment.toMs),
  })),
  secretIssuedAt: toIsoOrNull(device.credentials.secretIssuedAt),
  secretFetchedAt: toIsoOrNull(device.credentials.secretFetchedAt),
  enrolmentWindowUntil: toIsoOrNull(device.credentials.enrolmentUntil),
  certificateSha256: device.credentials.certificateSha256,
});
