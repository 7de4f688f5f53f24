import { defineStore } from 'pinia';
import { computed, type Ref, ref, watch } from 'vue';
import type { FormatSettings } from '../components/formats.ts';
import { type Language, languageOf, languages, localeOf, regionOf } from '../components/locale.ts';
import { type UnitKind, type Units, unitChoices, unitsOfRegion } from '../components/units.ts';
import { useLocalStorage } from '../components/use-local-storage.ts';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';
/** As the browser says, until somebody chooses. */
export type LanguageChoice = 'browser' | Language;

const zoneOfBrowser = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Every zone that the browser knows, and UTC, which some lists leave out. */
export const timeZones = (): readonly string[] => [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])];

const useUnits = (region: string | undefined): { readonly [K in UnitKind]: Ref<Units[K]> } => {
  const usual = unitsOfRegion(region);
  const choice = <K extends UnitKind>(kind: K): Ref<Units[K]> =>
    useLocalStorage<Units[K]>(`milepost.units.${kind}`, usual[kind], unitChoices[kind]);
  return {
    distance: choice('distance'),
    pressure: choice('pressure'),
    temperature: choice('temperature'),
    weight: choice('weight'),
  };
};

const useTheme = () => {
  const theme = useLocalStorage<Theme>('milepost.theme', 'system', ['system', 'light', 'dark']);
  const systemIsDark = ref(matchMedia('(prefers-color-scheme: dark)').matches);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => {
    systemIsDark.value = event.matches;
  });
  const isDark = computed(() => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'));
  const applyTheme = (): void => {
    watch(
      isDark,
      (dark) => {
        document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
      },
      { immediate: true, flush: 'sync' },
    );
  };
  return { theme, isDark, applyTheme };
};

/** What a person chose for this browser. */
export const usePreferences = defineStore('preferences', () => {
  const wanted = [...navigator.languages];
  const density = useLocalStorage<Density>('milepost.density', 'comfortable', ['comfortable', 'compact']);
  const languageChoice = useLocalStorage<LanguageChoice>('milepost.language', 'browser', ['browser', ...languages]);
  const timeZoneChoice = useLocalStorage<string>('milepost.timeZone', 'browser', () => ['browser', ...timeZones()]);
  const units = useUnits(regionOf(wanted));

  const browserLanguage = languageOf(wanted);
  // The browser reads its tables of zones for it: not before somebody asks.
  const browserTimeZone = computed(zoneOfBrowser);
  const language = computed<Language>(() => (languageChoice.value === 'browser' ? browserLanguage : languageChoice.value));
  const timeZone = computed(() => (timeZoneChoice.value === 'browser' ? browserTimeZone.value : timeZoneChoice.value));
  const formatSettings = computed<FormatSettings>(() => {
    const chosen = timeZoneChoice.value;
    return {
      locale: localeOf(language.value, wanted),
      get timeZone() {
        return chosen === 'browser' ? browserTimeZone.value : chosen;
      },
      units: {
        distance: units.distance.value,
        pressure: units.pressure.value,
        temperature: units.temperature.value,
        weight: units.weight.value,
      },
    };
  });
  return {
    ...useTheme(),
    ...units,
    density,
    languageChoice,
    language,
    browserLanguage,
    timeZoneChoice,
    timeZone,
    browserTimeZone,
    formatSettings,
  };
});
