import type { ShallowRef } from 'vue';

/** Arrow keys go from row to row of a table whose rows are links with `data-row`. */
export const useRowFocus = (table: Readonly<ShallowRef<HTMLElement | null>>) => {
  const rows = (): HTMLElement[] => [...(table.value?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
  return {
    move: (by: number): void => {
      const links = rows();
      const at = links.indexOf(document.activeElement as HTMLElement);
      links[at < 0 ? 0 : at + by]?.focus();
    },
    focusFirst: (): void => rows()[0]?.focus(),
  };
};
