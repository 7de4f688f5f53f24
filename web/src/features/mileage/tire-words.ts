import type { TireTrends } from '@milepost/contract/api';
import { useI18n } from 'vue-i18n';
import { useFormats } from '../../components/use-formats.ts';

export type TireTrendView = TireTrends['wheels'][number];

/** What the trend of a tire says, in a sentence. */
export const useTireWords = () => {
  const i18n = useI18n();
  const { t } = i18n;
  const formats = useFormats();

  const wheelName = (wheel: number): string => {
    const name = (i18n.tm('wheel') as string[])[wheel];
    return name === undefined ? '' : i18n.rt(name);
  };
  /** A digit more than on the car: a leak is slow. */
  const pressure = (kpa: number): string => {
    const scale = formats.value.scale('', 'kPa');
    const digits = scale.unit === 'kPa' ? scale.digits : scale.digits + 1;
    return formats.value.join({ text: formats.value.number(scale.toShown(kpa), digits), unit: scale.unit });
  };
  const sentence = ({ wheel, nowKpa, isLeaking, since, sinceKpa, slopeKpaPerDay }: TireTrendView): string => {
    const name = wheelName(wheel);
    if (nowKpa === null) return t('mileage.noPressure', { wheel: name });
    const now = pressure(nowKpa);
    if (isLeaking && since !== null && sinceKpa !== null)
      return t('mileage.leaking', { wheel: name, now, was: pressure(sinceKpa), day: formats.value.day(since) });
    return t(slopeKpaPerDay === null ? 'mileage.tooFewDays' : 'mileage.holds', { wheel: name, now });
  };
  /** Sentences about those that lose air. */
  const leaks = (trends: TireTrends | undefined): string[] =>
    trends?.wheels.filter(({ isLeaking }) => isLeaking).map((wheel) => sentence(wheel)) ?? [];
  return { wheelName, sentence, leaks };
};
