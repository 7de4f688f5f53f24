import type { MapStyle } from '@milepost/contract/api';
import { Map as MapLibreMap, setWorkerUrl } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import { BaseMap, type BaseState, firstStyle } from '../map/base/base-map.ts';
import { addSources } from '../map/base/sources-control.ts';
import type { Bounds } from '../map/first-view.ts';
import { workerUrl } from '../map/map-worker.ts';

export interface TrackMapOptions {
  readonly mapStyle: MapStyle | null;
  readonly bounds: Bounds;
  readonly baseChanged: (state: BaseState) => void;
}

export const isMotionWanted = (): boolean => !matchMedia('(prefers-reduced-motion: reduce)').matches;
const zoomMax = 16;
export const fitOptions = { padding: { top: 36, right: 56, bottom: 36, left: 36 }, maxZoom: zoomMax };
export const asCorners = (bounds: Bounds): [number, number, number, number] => [...bounds];

/** A map for a track: the base map of the fleet's, without its vehicles. */
export const openTrackMap = (frame: HTMLElement, { mapStyle, bounds, baseChanged }: TrackMapOptions) => {
  setWorkerUrl(workerUrl);
  const map = new MapLibreMap({
    container: frame,
    style: firstStyle(mapStyle),
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
  addSources(map);
  return { map, base: new BaseMap(map, mapStyle, baseChanged) };
};
