import { type Ref, ref } from 'vue';

const now = ref(Date.now());
let aheadMs = 0;
let timer: ReturnType<typeof setInterval> | undefined;

const tick = (): void => {
  now.value = Date.now() + aheadMs;
};

/** The present by the server's clock, ms, moved once a second for every age on the page; one timer for all. */
export const useNow = (): Readonly<Ref<number>> => {
  timer ??= setInterval(tick, 1000);
  return now;
};

/** Ages are told by the clock that stamped what they are of. Differences below this are the way of the message. */
const toleranceMs = 1500;

export const noteServerTime = (serverTimeMs: number): void => {
  const difference = serverTimeMs - Date.now();
  if (Math.abs(difference - aheadMs) <= toleranceMs) return;
  aheadMs = Math.abs(difference) <= toleranceMs ? 0 : difference;
  tick();
};
