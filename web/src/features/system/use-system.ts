import type { SystemView } from '@milepost/contract/api';
import { onBeforeUnmount, type ShallowRef, shallowRef } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import { noteServerTime } from '../../components/use-now.ts';

const askEveryMs = 3000;
/** While something is rebuilt. */
const askOftenMs = 1000;

export interface SystemState {
  /** The last answer; it stays while the server is away. */
  readonly system: Readonly<ShallowRef<SystemView | undefined>>;
  readonly problem: Readonly<ShallowRef<ApiError | undefined>>;
  ask(): Promise<void>;
}

/** How the server stands, asked every few seconds as long as somebody looks. */
export const useSystem = (): SystemState => {
  const system = shallowRef<SystemView>();
  const problem = shallowRef<ApiError>();
  const aborter = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    try {
      const answer = await api.system(aborter.signal);
      noteServerTime(Date.parse(answer.serverTime));
      system.value = answer;
      problem.value = undefined;
    } catch (error) {
      if (aborter.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    }
  };
  const later = (): void => {
    clearTimeout(timer);
    if (aborter.signal.aborted || document.hidden) return;
    timer = setTimeout(() => void ask(), system.value?.rebuild?.outcome === null ? askOftenMs : askEveryMs);
  };
  const ask = (): Promise<void> => {
    asking ??= read().finally(() => {
      asking = undefined;
      later();
    });
    return asking;
  };
  const shown = (): void => {
    if (document.hidden) clearTimeout(timer);
    else void ask();
  };
  document.addEventListener('visibilitychange', shown);
  onBeforeUnmount(() => {
    aborter.abort();
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', shown);
  });
  void ask();
  return { system, problem, ask };
};
