import type { SignalView } from '@milepost/contract/api';
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { ApiError, api } from '../api/client.ts';

/** The vocabulary of the server, with the signals its users added. */
export const useSignals = defineStore('signals', () => {
  const byPath = shallowRef<ReadonlyMap<string, SignalView>>(new Map());
  const load = async (): Promise<void> => {
    if (byPath.value.size > 0) return;
    try {
      const { items } = await api.signals();
      byPath.value = new Map(items.map((signal) => [signal.path, signal]));
    } catch (error) {
      // Without labels the paths themselves are shown.
      if (!(error instanceof ApiError)) throw error;
    }
  };
  return { byPath, load };
});
