import type { Map as MapLibreMap } from 'maplibre-gl';

/** Renderers that compute each pixel on the processor: Chromium's, Mesa's and that of Windows. */
const softwareRenderers = /swiftshader|llvmpipe|softpipe|microsoft basic render/i;
/** A quarter of the pixels. */
const coarseness = 0.5;
/** After the last movement, so that a second one soon after it does not wait for a fine picture. */
const restMs = 400;

/** On a remote desktop or a machine without a graphics card. */
const isDrawnBySoftware = (map: MapLibreMap): boolean => {
  const gl = map.getCanvas().getContext('webgl2');
  const names = gl?.getExtension('WEBGL_debug_renderer_info');
  return names ? softwareRenderers.test(String(gl?.getParameter(names.UNMASKED_RENDERER_WEBGL))) : false;
};

/**
 * Where software draws the map, a picture takes a tenth of a second, mostly by its number of pixels: while it moves it is drawn with a quarter of them, and fine again when
 * it rests. What lies above the map, vehicles and their names, is always fine. Elsewhere nothing changes.
 */
export const drawCoarselyWhileMoving = (map: MapLibreMap): void => {
  if (!isDrawnBySoftware(map)) return;
  let isCoarse = false;
  // Changing the number of pixels counts as a movement, too.
  let isChanging = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const change = (toCoarse: boolean): void => {
    isCoarse = toCoarse;
    isChanging = true;
    map.setPixelRatio(devicePixelRatio * (toCoarse ? coarseness : 1));
    isChanging = false;
  };
  map.on('move', () => {
    if (isChanging) return;
    clearTimeout(timer);
    // Whoever changes it while nothing moves ends the gesture that is about to begin.
    if (!isCoarse && map.isMoving()) change(true);
  });
  map.on('moveend', () => {
    if (isChanging || !isCoarse) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!map.isMoving()) change(false);
    }, restMs);
  });
  map.on('remove', () => clearTimeout(timer));
};
