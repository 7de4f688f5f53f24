const stepMs = 10_000;
const largeStepMs = 60_000;

/** Where a key has a meaning of its own. */
const takesKeys = (target: HTMLElement): boolean =>
  target.closest('input:not([type="range"]), select, textarea, summary') !== null;

/**
 * What a key does with playback: plays and pauses, or moves by so many ms; undefined: it is not for it. Keys count within `root` and
 * where nothing has the focus.
 */
export const playKey = (event: KeyboardEvent, root: HTMLElement | null): 'toggle' | number | undefined => {
  const target = event.target as HTMLElement;
  // A click on what takes no focus gives it to the page's frame.
  const isHere = target.matches('body, main') || root?.contains(target) === true;
  if (!isHere || takesKeys(target) || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  // A map and its buttons move by arrows, a button is pressed by the space bar.
  const isButton = target.closest('button, a, canvas') !== null;
  if (event.key === ' ') return isButton ? undefined : 'toggle';
  if (isButton) return undefined;
  const step = event.shiftKey ? largeStepMs : stepMs;
  if (event.key === 'ArrowLeft') return -step;
  return event.key === 'ArrowRight' ? step : undefined;
};
