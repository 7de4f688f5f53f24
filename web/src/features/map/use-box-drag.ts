import type { Map as MapLibreMap } from 'maplibre-gl';
import { onBeforeUnmount, type Ref, ref } from 'vue';
import type { Box } from './box.ts';

/** On the screen, in pixels of the map. */
export interface ScreenBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Less is a press, not a box. */
const sideMinPx = 6;

/** The part of the earth under a part of the screen; wide views go around the earth once at most. */
export const boxUnder = (map: MapLibreMap, { left, top, width, height }: ScreenBox): Box => {
  const northWest = map.unproject([left, top]);
  const southEast = map.unproject([left + width, top + height]);
  const isWholeEarth = southEast.lng - northWest.lng >= 360;
  return [
    isWholeEarth ? -180 : northWest.wrap().lng,
    Math.max(-90, southEast.lat),
    isWholeEarth ? 180 : southEast.wrap().lng,
    Math.min(90, northWest.lat),
  ];
};

/**
 * Lets people draw a box on the map: with shift held, or with `isArmed`, as fingers need it. What is drawn is kept from the map, which would
 * move. `start` listens on the map's element.
 */
export const useBoxDrag = (
  isArmed: Readonly<Ref<boolean>>,
  drawn: (box: ScreenBox) => void,
): { drag: Readonly<Ref<ScreenBox | undefined>>; start: (element: HTMLElement) => void; cancel: () => void } => {
  const drag = ref<ScreenBox>();
  const stop = new AbortController();
  let from: { readonly x: number; readonly y: number; readonly id: number } | undefined;

  const isMeant = (event: { readonly shiftKey: boolean }): boolean => isArmed.value || event.shiftKey;
  const cancel = (): void => {
    from = undefined;
    drag.value = undefined;
  };

  const start = (element: HTMLElement): void => {
    const options = { capture: true, signal: stop.signal };
    const placeOf = (event: PointerEvent): { x: number; y: number } => {
      const { left, top } = element.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    const down = (event: PointerEvent): void => {
      if (!isMeant(event) || event.button !== 0 || !event.isPrimary) return;
      from = { ...placeOf(event), id: event.pointerId };
      element.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent): void => {
      if (from?.id !== event.pointerId) return;
      const { x, y } = placeOf(event);
      drag.value = {
        left: Math.min(x, from.x),
        top: Math.min(y, from.y),
        width: Math.abs(x - from.x),
        height: Math.abs(y - from.y),
      };
    };
    const up = (event: PointerEvent): void => {
      if (from?.id !== event.pointerId) return;
      const box = drag.value;
      cancel();
      if (box && box.width >= sideMinPx && box.height >= sideMinPx) drawn(box);
    };
    const keepFromMap = (event: MouseEvent | TouchEvent): void => {
      if (isMeant(event)) event.stopPropagation();
    };
    element.addEventListener('pointerdown', down, options);
    element.addEventListener('pointermove', move, options);
    element.addEventListener('pointerup', up, options);
    element.addEventListener('pointercancel', cancel, options);
    // The map listens to these, and would move, zoom or choose.
    for (const kind of ['mousedown', 'touchstart', 'touchmove', 'click'] as const)
      element.addEventListener(kind, keepFromMap, options);
    window.addEventListener('keydown', (event) => (event.key === 'Escape' ? cancel() : undefined), { signal: stop.signal });
  };
  onBeforeUnmount(() => stop.abort());
  return { drag, start, cancel };
};
