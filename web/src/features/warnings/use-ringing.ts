import type { WarningCounts, WarningEntry } from '@milepost/contract/api';
import type { WarningMessage } from '@milepost/contract/stream';
import { computed, onBeforeUnmount, type Ref, shallowRef, watch } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import { liveStream } from '../../api/live-stream.ts';
import { useLocalStorage } from '../../components/use-local-storage.ts';
import { playSound } from './sound.ts';
import { addToasts, dropOld, type Toast } from './toasts.ts';

/** After a message the counts are asked for again, at most once in this time. */
const countAgainMs = 1000;
const lookMs = 500;

export interface Ringing {
  readonly counts: Readonly<Ref<WarningCounts | undefined>>;
  readonly toasts: Readonly<Ref<readonly Toast[]>>;
  readonly hasSound: Ref<boolean>;
  /** Toasts stay while somebody is at them. */
  hold(isHeld: boolean): void;
  dismiss(id?: string): void;
  /** What rang up to the newest of these was seen. */
  see(warnings: readonly WarningEntry[]): Promise<void>;
}

const ignoreApiError = (error: unknown): void => {
  if (!(error instanceof ApiError)) throw error; // The bell then shows what it knew.
};

const makeCounts = () => {
  const counts = shallowRef<WarningCounts | undefined>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const load = (): Promise<void> =>
    api
      .warningCounts()
      .then((now) => {
        counts.value = now;
      })
      .catch(ignoreApiError);
  const loadSoon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void load();
    }, countAgainMs);
  };
  const stop = (): void => clearTimeout(timer);
  const see = async (warnings: readonly WarningEntry[]): Promise<void> => {
    const newest = warnings.reduce((latest, { rangAt }) => (rangAt !== null && rangAt > latest ? rangAt : latest), '');
    const isNew = newest !== '' && newest > (counts.value?.seenUntil ?? '');
    if (!isNew) return;
    await api
      .seeWarnings(newest)
      .then((now) => {
        counts.value = now;
      })
      .catch(ignoreApiError);
  };
  return { counts, load, loadSoon, stop, see };
};

/** Toasts that go by themselves, in the time in which nobody is at them. */
const makeToasts = () => {
  const toasts = shallowRef<readonly Toast[]>([]);
  let isHeld = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  const set = (next: readonly Toast[]): void => {
    toasts.value = next;
    clearInterval(timer);
    timer = next.length > 0 ? setInterval(look, lookMs) : undefined;
  };
  const look = (): void => {
    if (isHeld) return;
    const left = dropOld(toasts.value, performance.now());
    if (left !== toasts.value) set(left);
  };
  const hold = (now: boolean): void => {
    isHeld = now;
  };
  const dismiss = (id?: string): void => set(id === undefined ? [] : toasts.value.filter(({ warning }) => warning.id !== id));
  return { toasts, set, hold, dismiss, stop: () => clearInterval(timer) };
};

/** Hears warnings while the app is open, whichever page is shown. */
export const useRinging = (): Ringing => {
  const { counts, load, loadSoon, stop: stopCounts, see } = makeCounts();
  const { toasts, set, hold, dismiss, stop: stopToasts } = makeToasts();
  const sound = useLocalStorage<'off' | 'on'>('milepost.warningSound', 'off', ['off', 'on']);
  void load();

  const heard = (message: WarningMessage): void => {
    loadSoon();
    const before = toasts.value;
    set(addToasts(before, message, performance.now()));
    const fresh = toasts.value.filter((toast) => !before.includes(toast));
    if (fresh.length > 0 && sound.value === 'on') playSound(fresh.some(({ warning }) => warning.severity === 'critical'));
  };
  const stopHearing = liveStream.watchWarnings(heard);
  // What came while nobody could be heard is in the counts.
  watch(liveStream.state, (now) => {
    if (now === 'live') loadSoon();
  });
  onBeforeUnmount(() => {
    stopHearing();
    stopCounts();
    stopToasts();
  });
  const hasSound = computed({
    get: () => sound.value === 'on',
    set: (wanted) => {
      sound.value = wanted ? 'on' : 'off';
      if (wanted) playSound(false);
    },
  });
  return { counts, toasts, hasSound, hold, dismiss, see };
};
