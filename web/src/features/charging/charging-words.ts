import type { ChargingView } from '@milepost/contract/api';
import { useI18n } from 'vue-i18n';
import { useFormats } from '../../components/use-formats.ts';

/** Texts about charging sessions that the list and the page share. */
export const useChargingWords = () => {
  const { t } = useI18n();
  const formats = useFormats();
  const percent = (value: number): string => formats.value.join(formats.value.percent(value));

  const levels = ({ fromPercent, toPercent }: ChargingView): string =>
    fromPercent === null || toPercent === null
      ? ''
      : t('charging.levels', { from: percent(fromPercent), to: percent(toPercent) });
  const when = ({ start, end }: ChargingView): string =>
    end === null ? t('charging.since', { time: formats.value.dateTime(start) }) : formats.value.period(start, end);
  /** What was added: energy, or the level where only that is known. */
  const added = ({ energyAddedKwh, energySource, fromPercent, toPercent }: ChargingView): string => {
    if (energyAddedKwh !== null) {
      const text = t('charging.added', { energy: formats.value.join(formats.value.energy(energyAddedKwh)) });
      return energySource === 'modelled' ? `${text} (${t('charging.modelled')})` : text;
    }
    return fromPercent === null || toPercent === null
      ? ''
      : t('charging.levelAdded', { level: percent(toPercent - fromPercent) });
  };
  return { levels, when, added };
};
