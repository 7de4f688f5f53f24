import type { Map as MapLibreMap } from 'maplibre-gl';
import type { Glide } from './glide.ts';
import { mercatorX, mercatorY, worldSizePx } from './mercator.ts';

/** What part of the earth is in the window: its middle in Mercator units, and the window's size in CSS pixels. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly width: number;
  readonly height: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}
const sizes = new WeakMap<MapLibreMap, Size>();

/** To be called before anybody listens to the map. Its size is asked for when it changes only: whoever asks in each picture has the page laid out anew each time. */
export const followSize = (map: MapLibreMap): void => {
  const measure = (): void => {
    const { clientWidth: width, clientHeight: height } = map.getContainer();
    sizes.set(map, { width, height });
  };
  measure();
  map.on('resize', measure);
};

export const viewOf = (map: MapLibreMap): View => {
  const { lng, lat } = map.getCenter();
  const size = sizes.get(map);
  if (!size) throw new Error('the size of this map is not followed');
  return { x: mercatorX(lng), y: mercatorY(lat), zoom: map.getZoom(), ...size };
};

export const isSameView = (a: View, b: View): boolean =>
  a.x === b.x && a.y === b.y && a.zoom === b.zoom && a.width === b.width && a.height === b.height;

/** So far outside the window the middle of a mark may lie of which a part is seen. */
const markReachPx = 40;

/** Where on the screen something lies. The map neither tilts nor becomes a globe, so that is two multiplications. */
export interface Sight {
  /** From Mercator units to CSS pixels of the window. */
  readonly project: (x: number, y: number) => [number, number];
  /** Of a point of the window. */
  readonly isNear: (x: number, y: number) => boolean;
  /** Out of sight all along its way, whatever the time is: of ten thousand almost all are, and need no look at the clock. */
  readonly isFar: (glide: Glide) => boolean;
}

export const sightOf = ({ x: centreX, y: centreY, zoom, width, height }: View): Sight => {
  const size = worldSizePx(zoom);
  const reachX = (width / 2 + markReachPx) / size;
  const reachY = (height / 2 + markReachPx) / size;
  // The world repeats: the copy nearest to the middle is the one in sight.
  const aside = (x: number): number => x - centreX - Math.round(x - centreX);
  return {
    project: (x, y) => [width / 2 + aside(x) * size, height / 2 + (y - centreY) * size],
    isNear: (x, y) => x > -markReachPx && y > -markReachPx && x < width + markReachPx && y < height + markReachPx,
    isFar: ({ fromX, fromY, toX, toY }) =>
      Math.abs(aside(toX)) - Math.abs(toX - fromX) > reachX || Math.abs(toY - centreY) - Math.abs(toY - fromY) > reachY,
  };
};
