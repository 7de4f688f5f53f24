import { onBeforeUnmount, onMounted } from 'vue';
import { focusSearch } from './search-focus.ts';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

/** After `g` the letter of a page is waited for this long. */
const sequenceMs = 1200;

export interface ShortcutActs {
  openPalette(): void;
  openHelp(): void;
  /** Goes to the page of a letter. Answers whether there is one. */
  goTo(key: string): boolean;
}

/** Keys that work on every page: `/` searches, `g` and a letter go to a page, Ctrl-K opens the palette, `?` tells all of them. */
export const useShortcuts = (acts: ShortcutActs): void => {
  let gUntilMs = 0;

  const goes = (key: string): boolean => {
    const isAsked = performance.now() < gUntilMs;
    gUntilMs = key === 'g' ? performance.now() + sequenceMs : 0;
    return isAsked && acts.goTo(key);
  };
  const asksForHelp = (key: string): boolean => {
    if (key !== '?') return false;
    acts.openHelp();
    return true;
  };

  const onKey = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      acts.openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const isHandled = goes(event.key) || (event.key === '/' && focusSearch()) || asksForHelp(event.key);
    if (isHandled) event.preventDefault();
  };
  onMounted(() => window.addEventListener('keydown', onKey));
  onBeforeUnmount(() => window.removeEventListener('keydown', onKey));
};
