import type { ServerConfig } from '@milepost/contract/api';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { ApiError, api, onSignedOut } from '../api/client.ts';
import { liveStream } from '../api/live-stream.ts';
import { noteServerTime } from '../components/use-now.ts';

/** What the server is and whether it knows us. */
export const useSession = defineStore('session', () => {
  const config = shallowRef<ServerConfig | undefined>();
  const isSignedOut = ref(false);
  const problem = shallowRef<ApiError | undefined>();
  onSignedOut(() => {
    isSignedOut.value = true;
  });

  const load = async (): Promise<void> => {
    try {
      config.value = await api.config();
      problem.value = undefined;
      isSignedOut.value = false;
      liveStream.admit();
      noteServerTime(Date.parse(config.value.serverTime));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    }
  };
  /** Ends the session. Answers whether the server heard of it. */
  const signOut = async (): Promise<boolean> => {
    await liveStream.leave();
    try {
      await api.signOut();
      isSignedOut.value = true;
    } catch (error) {
      liveStream.admit();
      if (!(error instanceof ApiError)) throw error;
    }
    return isSignedOut.value;
  };
  const isReady = computed(() => config.value !== undefined);
  /** Connects devices, imports files. */
  const isOperator = computed(() => config.value?.you.isOperator === true);
  /** Changes vehicles and drivers of at least one fleet. */
  const isManager = computed(
    () => isOperator.value || config.value?.you.customers.some(({ role }) => role === 'manager') === true,
  );
  return { config, isOperator, isManager, isSignedOut, problem, isReady, load, signOut };
});
