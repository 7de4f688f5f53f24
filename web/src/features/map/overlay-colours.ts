import type { Mark } from '../../components/status-shapes.ts';
import { markColour } from '../../components/status-shapes.ts';

/** Colours for drawing on the canvas, read from the design tokens. */
export interface OverlayColours {
  readonly marks: Readonly<Record<Mark, string>>;
  readonly surface: string;
  readonly ink: string;
  readonly brand: string;
  readonly font: string;
}

export const overlayColours = (element: Element): OverlayColours => {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const marks = Object.fromEntries(Object.entries(markColour).map(([mark, name]) => [mark, token(name)])) as Record<Mark, string>;
  return { marks, surface: token('--surface'), ink: token('--ink'), brand: token('--brand'), font: token('--font') };
};
