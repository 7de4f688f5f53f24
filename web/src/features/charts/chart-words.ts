import { useI18n } from 'vue-i18n';
import { useFormats } from '../../components/use-formats.ts';
import type { ChartLine } from './aligned.ts';

/** Sentences about charts, in the page's language. */
export const useChartWords = () => {
  const { t } = useI18n();
  const formats = useFormats();

  /** What a chart shows, for who does not see it. */
  const summary = ({ label, points, gaps, unit, digits }: ChartLine): string => {
    if (points.length === 0) return t('charts.summaryNothing', { label });
    const unobserved = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
    const min = Math.min(...points.map((point) => point.min));
    const max = Math.max(...points.map((point) => point.max));
    const last = points.at(-1)?.mean ?? 0;
    const text = (value: number): string => formats.value.join({ text: formats.value.number(value, digits), unit });
    const said = t('charts.summary', { label, min: text(min), max: text(max), last: text(last) });
    if (gaps.length === 0) return said;
    return `${said} ${t('charts.summaryGaps', { count: gaps.length, duration: formats.value.duration(unobserved) })}`;
  };
  return { summary };
};
