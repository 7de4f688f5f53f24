import type { TireTrends } from '@milepost/contract/api';
import { useI18n } from 'vue-i18n';
import { useFormats } from '../../components/use-formats.ts';

export type TireTrendView = TireTrends['wheels'][number];

/** What the trend of a tire says, in a sentence. */
export const useTireWords = () => {
  const { t, tm, rt } = useI18n();
  const formats = useFormats();

  const wheelName = (wheel: number): string => {
    const name = (tm('wheel') as string[])[wheel];
    return name === undefined ? '' : rt(name);
  };
  /** A digit more than on the car: a leak is slow. */
  const pressure = (kpa: number): string => {
    const { unit, digits, toShown } = formats.value.scale('', 'kPa');
    return formats.value.join({ text: formats.value.number(toShown(kpa), unit === 'kPa' ? digits : digits + 1), unit });
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
