import type { ConsentItem } from '@milepost/contract/api';
import { useI18n } from 'vue-i18n';
import { useFormats } from '../../components/use-formats.ts';

export interface ItemWords {
  /** What an item is called: a group, or one signal. */
  nameOf(item: string): string;
  /** How finely it is told, in words; empty: as it is reported. */
  howOf(item: ConsentItem): string;
}

/** Items of consent as people read them. `labelOf`: what a signal is called. */
export const useItemWords = (labelOf: (path: string) => string | undefined): ItemWords => {
  const { t, ...i18n } = useI18n();
  const isKnown = (key: string): boolean => i18n.te(key);
  const formats = useFormats();
  return {
    nameOf: (item) => (isKnown(`asked.group.${item}`) ? t(`asked.group.${item}`) : (labelOf(item) ?? item)),
    howOf: ({ place, time, above }) =>
      formats.value.list([
        ...(place === undefined ? [] : [t(`asked.place.${place}`)]),
        ...(time === undefined ? [] : [t(`asked.time.${time}`)]),
        ...(above === undefined ? [] : [t('asked.above', { value: formats.value.number(above) })]),
      ]),
  };
};
