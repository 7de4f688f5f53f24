import { coreSignal, quantise, wellKnown } from '@milepost/contract';
import { hasValue, type ReportColumn, type ReportColumns } from '../events/index.ts';

// A tracker without a fix says latitude 0, longitude 0: a place at sea where no road vehicle is. It is no position, so both are
// refused, as other words of devices for "unknown" are. docs/decisions/0007-position-0-0.md

const { latitude, longitude } = wellKnown;
const latitudeSignal = coreSignal('Vehicle.CurrentLocation.Latitude');
const longitudeSignal = coreSignal('Vehicle.CurrentLocation.Longitude');

const isZero = (signals: Readonly<Record<string, unknown>>, signal: typeof latitudeSignal): boolean => {
  const value = signals[signal.path];
  if (value === undefined) return false;
  const quantised = quantise(signal, value);
  return quantised.ok && quantised.stored === 0;
};

/** Whether a coordinate that was read as 0 has 0 beside it, in a sample of JSON. */
export const isNoPosition = (signalNumber: number, signals: Readonly<Record<string, unknown>>): boolean =>
  (signalNumber === latitude && isZero(signals, longitudeSignal)) ||
  (signalNumber === longitude && isZero(signals, latitudeSignal));

const isZeroAt = (column: ReportColumn, sample: number): boolean =>
  !column.isText && column.values[sample] === 0 && hasValue(column, sample);

/** Whether the sample of a binary report says 0, 0. */
export const hasNoPosition = (report: ReportColumns, sample: number): boolean => {
  let zeros = 0;
  for (let c = 0; c < report.columnCount; c++) {
    const column = report.columns[c] as ReportColumn;
    const { signalNumber } = column;
    if ((signalNumber === latitude || signalNumber === longitude) && isZeroAt(column, sample)) zeros++;
  }
  return zeros === 2;
};

/** Whether any sample of a binary report does. */
export const isAnyWithoutPosition = (report: ReportColumns): boolean => {
  for (let c = 0; c < report.columnCount; c++) {
    const column = report.columns[c] as ReportColumn;
    if (column.signalNumber !== latitude) continue;
    for (let i = 0; i < report.sampleCount; i++) if (isZeroAt(column, i) && hasNoPosition(report, i)) return true;
  }
  return false;
};
