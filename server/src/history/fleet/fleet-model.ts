import type { StatusChange, VehiclePeriod } from '../ports.ts';
import type { TestReport } from '../test-support.ts';

/** What the tests say of one signal of one vehicle. */
export interface ModelCell {
  readonly stored: number | string;
  readonly time: number;
  readonly deviceNo: number;
}

interface Found extends ModelCell {
  readonly signalNumber: number;
}

const dayMs = 86_400_000;

/** First stored of one device and time wins. */
const samplesOf = (
  reports: readonly TestReport[],
  vehicleNo: number,
  atMs: number,
  erased: readonly VehiclePeriod[],
): Found[] => {
  const found = new Map<string, Found>();
  for (const report of reports) {
    if (report.vehicleNo !== vehicleNo) continue;
    for (const { time, values } of report.samples) {
      if (time > atMs) continue;
      if (erased.some((one) => one.vehicleNo === vehicleNo && time >= one.fromMs && time < one.toMs)) continue;
      for (const [signalNumber, stored] of values) {
        const key = `${report.deviceNo}/${signalNumber}/${time}`;
        if (!found.has(key)) found.set(key, { signalNumber, stored, time, deviceNo: report.deviceNo });
      }
    }
  }
  return [...found.values()];
};

/**
 * The rule in its plainest form: of the devices whose newest value is at most 5 min older than the newest of all, the one of the lowest
 * rank, then the newer, then the lower number; nothing that is 31 days older than the newest value of the vehicle.
 */
export const modelCell = (
  reports: readonly TestReport[],
  erased: readonly VehiclePeriod[],
  vehicleNo: number,
  signalNumber: number,
  atMs: number,
  rankOf: (deviceNo: number) => number,
): ModelCell | undefined => {
  const all = samplesOf(reports, vehicleNo, atMs, erased);
  const newestMs = Math.max(...all.map(({ time }) => time));
  const own = all.filter((one) => one.signalNumber === signalNumber);
  const byDevice = new Map<number, Found>();
  for (const one of own) if (one.time > (byDevice.get(one.deviceNo)?.time ?? -1)) byDevice.set(one.deviceNo, one);
  const newestOwnMs = Math.max(...own.map(({ time }) => time));
  const best = [...byDevice.values()]
    .filter(({ time }) => time >= newestOwnMs - 300_000)
    .sort((a, b) => rankOf(a.deviceNo) - rankOf(b.deviceNo) || b.time - a.time || a.deviceNo - b.deviceNo)[0];
  if (!best || newestOwnMs < newestMs - 31 * dayMs) return undefined;
  return { stored: best.stored, time: best.time, deviceNo: best.deviceNo };
};

export const modelStatus = (
  changes: readonly StatusChange[],
  erased: readonly VehiclePeriod[],
  vehicleNo: number,
  atMs: number,
): { readonly status: string; readonly since: number | null } => {
  const own = changes.filter(
    (change) =>
      change.vehicleNo === vehicleNo &&
      change.at <= atMs &&
      !erased.some((one) => one.vehicleNo === vehicleNo && change.at >= one.fromMs && change.at < one.toMs),
  );
  const newest = own.reduce<StatusChange | undefined>((best, one) => (!best || one.at >= best.at ? one : best), undefined);
  return newest ? { status: newest.to, since: newest.at } : { status: 'never_seen', since: null };
};
