import { coreSignal, type SignalDefinition, type Vocabulary } from '@milepost/contract';
import { apiLimits, type ExportFormat, type RouteQuery } from '@milepost/contract/api';
import { invalidField } from '../../kernel/index.ts';
import type { Vehicle } from '../../registry/index.ts';
import { lastHour, readSignals } from '../history/read-query.ts';
import { type Period, readPeriod, toIso } from '../times.ts';
import { trackSignals } from './track.ts';

export interface ExportRequest extends Period {
  readonly format: ExportFormat;
  readonly signals: readonly SignalDefinition[];
}

const standardSignals: readonly SignalDefinition[] = [
  ...trackSignals,
  ...['TraveledDistance', 'Powertrain.TractionBattery.StateOfCharge.Displayed', 'Powertrain.TractionBattery.Range'].map((path) =>
    coreSignal(`Vehicle.${path}`),
  ),
];

const signalsOf = ({ format, signals }: RouteQuery<'exportHistory'>, vocabulary: Vocabulary): readonly SignalDefinition[] => {
  const isTrack = format === 'gpx' || format === 'geojson';
  if (signals === undefined) return isTrack ? trackSignals : standardSignals;
  if (isTrack) throw invalidField('signals', signals, `no signals with ${format}: it has position, elevation, speed and course`);
  return readSignals(signals, vocabulary);
};

/** Reads the query of an export. Throws `invalid_field`. */
export const readExportQuery = (query: RouteQuery<'exportHistory'>, vocabulary: Vocabulary, nowMs: number): ExportRequest => {
  const period = readPeriod(query, lastHour(nowMs));
  if (period.toMs - period.fromMs > apiLimits.exportPeriodMsMax)
    throw invalidField('from', query.from, `at most ${apiLimits.exportPeriodMsMax / 86_400_000} days before to`);
  return { format: query.format, signals: signalsOf(query, vocabulary), ...period };
};

const stamp = (ms: number): string => toIso(ms).slice(0, 16).replaceAll(/[-:]/g, '');

/** `van-17_20261120T0000_20261121T0000.gpx`: letters, digits and dashes that every file system takes. */
export const exportFileName = (
  { plate, vin }: Pick<Vehicle, 'plate' | 'vin'>,
  { format, fromMs, toMs }: ExportRequest,
): string => {
  const slug = (text: string): string =>
    text
      .normalize('NFKD')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '');
  const name = slug(plate ?? '') || slug(vin) || 'vehicle';
  return `${name}_${stamp(fromMs)}_${stamp(toMs)}.${format}`;
};
