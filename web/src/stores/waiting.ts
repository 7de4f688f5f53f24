import { defineStore } from 'pinia';
import { onScopeDispose, ref, watch } from 'vue';
import { ApiError, api } from '../api/client.ts';
import { afterFirstContent } from '../components/first-content.ts';

const askEveryMs = 60_000;

/** How many requests wait for an answer of who is signed in: what the navigation shows. */
export const useWaiting = defineStore('waiting', () => {
  const count = ref(0);
  const load = async (): Promise<void> => {
    try {
      const [asked, offered] = await Promise.all([api.consents(), api.invitations()]);
      count.value = asked.items.length + offered.received.length;
    } catch (error) {
      // The page of requests says what is wrong; the number stays as it was known.
      if (!(error instanceof ApiError)) throw error;
    }
  };
  /** Asks while `isWanted` and the page is looked at, until its scope ends. */
  const follow = (isWanted: () => boolean): void => {
    const ask = (): void => {
      if (isWanted() && document.visibilityState === 'visible') void load();
    };
    watch(isWanted, () => void afterFirstContent().then(ask), { immediate: true });
    const timer = setInterval(ask, askEveryMs);
    document.addEventListener('visibilitychange', ask);
    onScopeDispose(() => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', ask);
    });
  };
  return { count, load, follow };
});
