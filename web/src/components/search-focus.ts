/** The search fields that are on the page now; the newest takes the focus when `/` is pressed. */
export const searchFocus = new Set<() => void>();

export const focusSearch = (): boolean => {
  const newest = [...searchFocus].at(-1);
  newest?.();
  return newest !== undefined;
};
