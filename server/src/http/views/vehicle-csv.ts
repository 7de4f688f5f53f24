import type { VehicleItem } from '@milepost/contract/api';
import { csvLine, type CsvValue } from '../../kernel/index.ts';
import { httpLimits } from '../limits.ts';

/** The columns of the list of vehicles, in their order. */
const columns: readonly (readonly [name: string, of: (item: VehicleItem) => CsvValue])[] = [
  ['id', ({ id }) => id],
  ['vin', ({ vin }) => vin],
  ['plate', ({ plate }) => plate],
  ['customer', ({ customer }) => customer],
  ['model', ({ model }) => model],
  ['groups', ({ groups }) => groups.join('; ')],
  ['status', ({ status }) => status],
  ['statusSince', ({ statusSince }) => statusSince],
  ['statusReason', ({ statusReason }) => (statusReason === 'none' ? null : statusReason)],
  ['lastSeen', ({ lastSeen }) => lastSeen],
  ['energyPercent', ({ energyPercent }) => energyPercent],
  ['rangeKm', ({ rangeKm }) => rangeKm],
  ['speedKmh', ({ speedKmh }) => speedKmh],
  ['latitude', ({ position }) => position?.latitude ?? null],
  ['longitude', ({ position }) => position?.longitude ?? null],
  ['positionTime', ({ position }) => position?.time ?? null],
  ['warnings', ({ warnings }) => warnings.map(({ text }) => text).join('; ')],
  ['note', ({ note }) => note],
];

/** A head and a line for each vehicle, some of them at once. */
export const vehicleCsv = function* (items: Iterable<VehicleItem>): Iterable<string> {
  let slice = csvLine(columns.map(([name]) => name));
  let lines = 0;
  for (const item of items) {
    slice += csvLine(columns.map(([, of]) => of(item)));
    if (++lines % httpLimits.csvLinesPerSlice !== 0) continue;
    yield slice;
    slice = '';
  }
  yield slice;
};
