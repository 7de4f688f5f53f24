import { computed, nextTick, onBeforeUnmount, onMounted, type Ref, ref, type ShallowRef, watch } from 'vue';
import { afterFirstContent } from './first-content.ts';

/** Rows that are drawn above and below what is in sight: few until the first page is there. */
const overscan = 12;
const overscanAtFirst = 1;
/** Until it is known how many fit: as many as fill a phone. */
const rowsAtFirst = 8;

/** The rows of a long table that are drawn: those in sight; the rest is empty space. Rows are equally high. */
export const useRowWindow = (body: Readonly<ShallowRef<HTMLElement | null>>, count: () => number, layout: () => unknown) => {
  const [from, to, rowHeight] = [ref(0), ref(rowsAtFirst), ref(48)];
  let spare = overscanAtFirst;
  let scroller: HTMLElement | null = null;
  let frame = 0;

  const measure = (): void => {
    frame = 0;
    const element = body.value;
    if (!element || !scroller) return;
    const height = element.querySelector<HTMLElement>('tr:not(.space)')?.getBoundingClientRect().height ?? 0;
    if (height > 0) rowHeight.value = height;
    const above = scroller.getBoundingClientRect().top - element.getBoundingClientRect().top;
    const first = Math.floor(above / rowHeight.value);
    from.value = Math.max(0, Math.min(first - spare, count()));
    to.value = Math.min(count(), Math.max(first + Math.ceil(scroller.clientHeight / rowHeight.value) + spare, 0));
  };
  const measureSoon = (): void => {
    frame ||= requestAnimationFrame(measure);
  };
  void afterFirstContent().then(() => {
    spare = overscan;
    measureSoon();
  });
  const resized = new ResizeObserver(measureSoon);
  onMounted(() => {
    scroller = body.value?.closest('main') ?? null;
    scroller?.addEventListener('scroll', measureSoon, { passive: true });
    if (scroller) resized.observe(scroller);
    measure();
    // The height of a row is known when one was drawn.
    void nextTick(measure);
  });
  onBeforeUnmount(() => {
    scroller?.removeEventListener('scroll', measureSoon);
    resized.disconnect();
    cancelAnimationFrame(frame);
  });
  watch([count, layout], () => void nextTick(measure));

  const above: Readonly<Ref<number>> = computed(() => from.value * rowHeight.value);
  const below: Readonly<Ref<number>> = computed(() => Math.max(0, count() - to.value) * rowHeight.value);
  return { from, to, above, below };
};
