import { useLocalStorage } from '../components/use-local-storage.ts';
import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

/** What a person chose for this browser. */
export const usePreferences = defineStore('preferences', () => {
  const theme = useLocalStorage<Theme>('milepost.theme', 'system', ['system', 'light', 'dark']);
  const density = useLocalStorage<Density>('milepost.density', 'comfortable', ['comfortable', 'compact']);

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
  return { theme, density, isDark, applyTheme };
});
