/** A view that somebody named: what stands in the address of the list. */
export interface SavedView {
  readonly name: string;
  /** As `writeView` writes it. */
  readonly query: string;
}

export const savedViewsMax = 50;
export const viewNameCharactersMax = 60;
/** What of the address is the view; which group is open is not. */
const viewParts = ['q', 'status', 'customer', 'group', 'warning', 'bbox', 'sort', 'by', 'columns'] as const;

/** The view of an address in one text: parts in their order, so that equal views are equal texts. */
export const writeView = (query: Readonly<Record<string, unknown>>): string => {
  const given = viewParts.flatMap((part) => {
    const value = query[part];
    return typeof value === 'string' && value !== '' ? [[part, value]] : [];
  });
  return new URLSearchParams(given).toString();
};

export const readView = (text: string): Record<string, string> => Object.fromEntries(new URLSearchParams(text));

/** What was stored, as far as it can be read. */
export const readSaved = (stored: string | null): readonly SavedView[] => {
  try {
    const views: unknown = JSON.parse(stored ?? '[]');
    if (!Array.isArray(views)) return [];
    return (views as Partial<SavedView>[])
      .filter((view): view is SavedView => typeof view?.name === 'string' && typeof view.query === 'string')
      .map(({ name, query }) => ({ name, query: writeView(readView(query)) }))
      .slice(0, savedViewsMax);
  } catch {
    return [];
  }
};

/** One of the same name is replaced; the oldest goes when there are too many. */
export const withView = (views: readonly SavedView[], view: SavedView): readonly SavedView[] => {
  const at = views.findIndex(({ name }) => name === view.name);
  return at >= 0 ? views.with(at, view) : [...views, view].slice(-savedViewsMax);
};
