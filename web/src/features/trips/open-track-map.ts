import { AttributionControl, Map as MapLibreMap, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { countryOutlines, mapColours, noOutlines, offlineStyle } from '../map/base-style.ts';
import type { Bounds } from '../map/first-view.ts';

export interface TrackMapOptions {
  readonly styleUrl: string | null;
  readonly bounds: Bounds;
}

export const isMotionWanted = (): boolean => !matchMedia('(prefers-reduced-motion: reduce)').matches;
const zoomMax = 16;
export const fitOptions = { padding: { top: 36, right: 56, bottom: 36, left: 36 }, maxZoom: zoomMax };
export const asCorners = (bounds: Bounds): [number, number, number, number] => [...bounds];

/** A map for a track: the base map of the fleet's, without its vehicles. `restyle` is for another theme. */
export const openTrackMap = (frame: HTMLElement, { styleUrl, bounds }: TrackMapOptions) => {
  setWorkerUrl(workerUrl);
  let outlines = noOutlines;
  const style = () => styleUrl ?? offlineStyle(mapColours(document.documentElement), outlines);
  const map = new MapLibreMap({
    container: frame,
    style: style(),
    bounds: asCorners(bounds),
    fitBoundsOptions: fitOptions,
    minZoom: 1.5,
    maxZoom: 18,
    maxPitch: 0,
    pitchWithRotate: false,
    dragRotate: false,
    attributionControl: false,
    // On a page that scrolls, the wheel scrolls the page; two fingers or the buttons zoom.
    cooperativeGestures: false,
    scrollZoom: false,
    fadeDuration: isMotionWanted() ? 150 : 0,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new AttributionControl({ compact: true }), 'bottom-right');
  const sources = frame.querySelector('.maplibregl-ctrl-attrib');
  sources?.classList.add('maplibregl-compact');
  sources?.classList.remove('maplibregl-compact-show');
  sources?.removeAttribute('open');
  const restyle = (): void => {
    if (!styleUrl) map.setStyle(style());
  };
  const putOutlines = (): void => {
    const source = map.getSource('countries');
    if (source && 'setData' in source) (source as unknown as { setData(data: GeoJSON.GeoJSON): void }).setData(outlines);
  };
  const loadOutlines = async (): Promise<void> => {
    // The coarse ones are there at once; a harbour needs the fine ones.
    for (const isFine of [false, true]) {
      outlines = await countryOutlines(isFine);
      putOutlines();
    }
  };
  if (!styleUrl) {
    map.once('style.load', putOutlines);
    void loadOutlines();
  }
  return { map, restyle };
};
