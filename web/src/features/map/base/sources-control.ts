import { AttributionControl, type Map as MapLibreMap } from 'maplibre-gl';

/** Whoever drew the streets is named for so long without being asked for; guidelines of OpenStreetMap want five seconds. */
const namedMs = 6000;

const controlIn = (container: HTMLElement): Element | null => container.querySelector('.maplibregl-ctrl-attrib');

const hide = (control: Element): void => {
  control.classList.remove('maplibregl-compact-show');
  control.removeAttribute('open');
};

/**
 * Adds the sources of the map, one press away: on a phone they would cover a sixth of it. The library opens them once, when it makes the control
 * compact: so it finds that done.
 */
export const addSources = (map: MapLibreMap): void => {
  map.addControl(new AttributionControl({ compact: true }), 'bottom-right');
  const control = controlIn(map.getContainer());
  control?.classList.add('maplibregl-compact');
  if (control) hide(control);
};

/** Names the sources for a moment; the library puts them away sooner when the map is dragged. */
export const showSources = (container: HTMLElement): void => {
  const control = controlIn(container);
  if (!control) return;
  control.classList.add('maplibregl-compact-show');
  control.setAttribute('open', '');
  setTimeout(() => hide(control), namedMs);
};
