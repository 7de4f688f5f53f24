import type { DeviceFilter } from '../../history/index.ts';
import type { Device, Directory } from '../../registry/index.ts';
import type { Period } from '../times.ts';

/** What one track of an export is made of. */
export interface TrackSource {
  /** Which device it was; undefined: there was only one. */
  readonly name: string | undefined;
  readonly devices: DeviceFilter | undefined;
}

const wasOn = ({ assignments }: Device, vehicleNo: number, { fromMs, toMs }: Period): boolean =>
  assignments.some((period) => period.vehicleNo === vehicleNo && period.fromMs < toMs && period.toMs > fromMs);

/**
 * Two devices on one vehicle each have a way of their own: drawn as one it would go to and fro between them. So each has a track; what
 * was said by devices that the registry does not know comes last.
 */
export const trackSources = (directory: Directory, vehicleNo: number, period: Period): readonly TrackSource[] => {
  const found: Device[] = [];
  for (const device of directory.devices()) if (wasOn(device, vehicleNo, period)) found.push(device);
  if (found.length < 2) return [{ name: undefined, devices: undefined }];
  const known = found.map(({ kind, id, deviceNo }) => ({ name: `${kind} ${id}`, devices: { only: deviceNo } }));
  return [...known, { name: 'unknown device', devices: { except: found.map(({ deviceNo }) => deviceNo) } }];
};
