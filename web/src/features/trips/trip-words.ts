import type { Place, TripView } from '@milepost/contract/api';
import { useI18n } from 'vue-i18n';
import { useFormats } from '../../components/use-formats.ts';
import { dayKey } from '../charts/zoned-time.ts';

/** Digits of a place in a list: a hundred metres. */
const placeDigits = 3;

/** Texts about trips that the list and the page share. */
export const useTripWords = () => {
  const { t } = useI18n();
  const formats = useFormats();

  const place = (at: Place | null, digits = placeDigits): string =>
    at ? formats.value.latLong(at.latitude, at.longitude, digits) : t('unknown');
  /** 14:05 – 14:37; with the day where it ended on another one. */
  const span = (start: string, end: string): string => {
    const { timeZone } = formats.value.settings;
    const isSameDay = dayKey(Date.parse(start), timeZone) === dayKey(Date.parse(end), timeZone);
    const endText = isSameDay ? formats.value.time(end) : `${formats.value.day(end)}, ${formats.value.time(end)}`;
    return t('trips.untilNextDay', { start: formats.value.time(start), end: endText });
  };
  const distance = (km: number): string => formats.value.join(formats.value.distance(km * 1000));
  const speed = (kmh: number): string => formats.value.join(formats.value.speed(kmh));
  /** Energy with how it is known; the share of the battery where only that is. */
  const energy = ({ energyKwh, energySource, energyPercent }: TripView): string | undefined => {
    if (energyKwh !== null) {
      const text = formats.value.join(formats.value.energy(energyKwh));
      return energySource === 'modelled' ? t('trips.energyModelled', { energy: text }) : text;
    }
    return energyPercent === null ? undefined : formats.value.join(formats.value.percent(energyPercent));
  };
  return { place, span, distance, speed, energy };
};
