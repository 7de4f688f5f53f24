import { onBeforeUnmount, onMounted } from 'vue';
import { useRouter } from 'vue-router';
import { focusSearch } from './search-focus.ts';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

/** After `g` the letter of a page is waited for this long. */
const sequenceMs = 1200;
const pages: Readonly<Record<string, string>> = { m: 'map', v: 'vehicles' };

/** Keys that work on every page: `/` searches, `g m` and `g v` go to a page, Ctrl-K opens the palette. */
export const useShortcuts = (openPalette: () => void): void => {
  const router = useRouter();
  let gUntilMs = 0;

  const goTo = (key: string): boolean => {
    const name = performance.now() < gUntilMs ? pages[key] : undefined;
    gUntilMs = key === 'g' ? performance.now() + sequenceMs : 0;
    if (name) void router.push({ name });
    return name !== undefined;
  };

  const onKey = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const isHandled = goTo(event.key) || (event.key === '/' && focusSearch());
    if (isHandled) event.preventDefault();
  };
  onMounted(() => window.addEventListener('keydown', onKey));
  onBeforeUnmount(() => window.removeEventListener('keydown', onKey));
};
