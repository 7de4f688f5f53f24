import type { SignalView } from '@milepost/contract/api';
import { defineStore } from 'pinia';
import { computed, shallowRef, watch } from 'vue';
import { ApiError, api } from '../api/client.ts';
import { loadSignalNames } from '../i18n/index.ts';
import type { SignalNames } from '../i18n/signal-names.ts';
import { usePreferences } from './preferences.ts';

/** The vocabulary of the server, with the signals its users added, named in the person's language where it has names for them. */
export const useSignals = defineStore('signals', () => {
  const preferences = usePreferences();
  const items = shallowRef<readonly SignalView[]>([]);
  const names = shallowRef<SignalNames>({});
  const byPath = computed<ReadonlyMap<string, SignalView>>(
    () => new Map(items.value.map((signal) => [signal.path, { ...signal, label: names.value[signal.path] ?? signal.label }])),
  );
  let isNaming = false;
  const followLanguage = (): void => {
    if (isNaming) return;
    isNaming = true;
    const name = async (): Promise<void> => {
      const { language } = preferences;
      const loaded = await loadSignalNames(language);
      if (language === preferences.language) names.value = loaded;
    };
    watch(() => preferences.language, name, { immediate: true });
  };
  const load = async (): Promise<void> => {
    followLanguage();
    if (items.value.length > 0) return;
    try {
      items.value = (await api.signals()).items;
    } catch (error) {
      // Without labels the paths themselves are shown.
      if (!(error instanceof ApiError)) throw error;
    }
  };
  return { byPath, load };
});
