import type { HistoryView, SignalView, StepHistoryView } from '@milepost/contract/api';
import { useFormats } from '../../components/use-formats.ts';
import type { ChartLine } from './aligned.ts';
import { gapsOf, seriesOf, stepMsOf, timesOf } from './history-series.ts';
import type { LoadedHistory } from './use-history.ts';

/** Whether a signal is drawn as a line over time; the others have states. */
export const isNumeric = (signal: SignalView | undefined): boolean => (signal?.kind ?? 'number') === 'number';

/** Gaps of one signal in what was read. */
export const signalGaps = ({ history, period }: LoadedHistory, path: string, silenceMs: number) =>
  gapsOf(timesOf(history, path), period.from, period.to, stepMsOf(history), silenceMs);

export type LineSignal = Pick<SignalView, 'path' | 'label' | 'unit'> & { readonly precision?: number };

/** A signal as a line, in the unit in which it is shown. */
export const lineOf = (loaded: LoadedHistory, signal: LineSignal, colour: number, silenceMs: number): ChartLine => {
  const { history } = loaded;
  const { path } = signal;
  const scale = useFormats().value.scale(path, signal.unit);
  const isWhole = signal.unit === '' && signal.precision === 1;
  const points = seriesOf(history as HistoryView | StepHistoryView, path).map(({ time, mean, min, max }) => ({
    time,
    mean: scale.toShown(mean),
    min: scale.toShown(min),
    max: scale.toShown(max),
  }));
  return {
    key: path,
    label: signal.label,
    unit: scale.unit,
    digits: isWhole ? 0 : scale.digits,
    colour,
    points,
    gaps: signalGaps(loaded, path, silenceMs),
    stepMs: stepMsOf(history),
    isStepped: isWhole && stepMsOf(history) === 0,
  };
};

/** A value of a line with its unit. */
export const lineText = ({ digits, unit }: Pick<ChartLine, 'digits' | 'unit'>, value: number): string => {
  const { join, number } = useFormats().value;
  return join({ text: number(value, digits), unit });
};
