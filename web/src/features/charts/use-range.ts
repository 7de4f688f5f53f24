import { computed, onBeforeUnmount, ref, type Ref, shallowRef, type WritableComputedRef, watch } from 'vue';
import { isPreset, type Period, periodOf, type Preset, readRange, type TimeRange, writeRange } from './time-range.ts';

/** What ends now moves on this often. */
const followMs = 10_000;
const zoomsMax = 50;

export interface WatchedRange {
  readonly range: Readonly<Ref<TimeRange>>;
  readonly period: Readonly<Ref<Period>>;
  readonly canGoBack: Readonly<Ref<boolean>>;
  /** Shows another period; the present one can be gone back to. */
  change(range: TimeRange): void;
  back(): void;
  /** Lets a period that ends now end now. */
  refresh(): void;
}

/** The period of a page of charts: it stands in the address, and zooms can be gone back. */
export const useRange = (word: (name: string) => WritableComputedRef<string>, byDefault: Preset): WatchedRange => {
  const words = { range: word('range'), from: word('from'), to: word('to') };
  const nowMs = ref(Date.now());
  const range = computed(() => readRange({ range: words.range.value, from: words.from.value, to: words.to.value }, byDefault));
  const period = computed(() => periodOf(range.value, nowMs.value));
  const before = shallowRef<readonly TimeRange[]>([]);
  const canGoBack = computed(() => before.value.length > 0);

  const write = (next: TimeRange): void => {
    const written = writeRange(next, byDefault);
    words.range.value = written.range;
    words.from.value = written.from;
    words.to.value = written.to;
  };
  const change = (next: TimeRange): void => {
    before.value = [...before.value, range.value].slice(-zoomsMax);
    write(next);
  };
  const back = (): void => {
    const last = before.value.at(-1);
    if (!last) return;
    before.value = before.value.slice(0, -1);
    write(last);
  };
  const refresh = (): void => {
    nowMs.value = Date.now();
  };
  watch(range, refresh);
  const timer = setInterval(() => {
    if (isPreset(range.value) && document.visibilityState === 'visible') refresh();
  }, followMs);
  onBeforeUnmount(() => clearInterval(timer));
  return { range, period, canGoBack, change, back, refresh };
};
