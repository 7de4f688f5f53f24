/** Style sheets that did not come. */
const missing = new Set<HTMLLinkElement>();

/** Notes each style sheet of a page's part that does not come. */
export const noteMissingStyles = (): void =>
  document.addEventListener(
    'error',
    ({ target }) => {
      if (target instanceof HTMLLinkElement && target.rel === 'stylesheet') missing.add(target);
    },
    // An error of an element does not bubble.
    { capture: true },
  );

/** Fetches them again, which neither the browser nor the loader of parts does by itself: a part would come and stand without its style. */
export const fetchMissingStyles = async (): Promise<void> => {
  const links = [...missing];
  missing.clear();
  await Promise.all(
    links.map((link) => {
      const again = link.cloneNode() as HTMLLinkElement;
      link.replaceWith(again);
      return new Promise((settled) => {
        again.addEventListener('load', settled);
        again.addEventListener('error', settled);
      });
    }),
  );
};
