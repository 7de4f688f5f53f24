import type { Map as MapLibreMap } from 'maplibre-gl';
import { worldSizePx } from './mercator.ts';
import { type View, viewOf } from './view.ts';

/** Renderers that compute each pixel on the processor: Chromium's, Mesa's and that of Windows. */
const softwareRenderers = /swiftshader|llvmpipe|softpipe|microsoft basic render/i;
/** While the map moves it is drawn with a quarter of its pixels. */
const coarseness = 0.5;
/** While it moves a picture is drawn so often, beginning so long after the first movement: the processor that draws it answers to people, too. */
const movingPictureMs = 300;
/** After the last movement, so that a second one soon after it does not wait for a fine picture. */
const restMs = 400;
/** How often it is asked whether a picture is there. */
const pollMs = 8;

/** On a remote desktop or a machine without a graphics card. */
const softwareContextOf = (map: MapLibreMap): WebGL2RenderingContext | undefined => {
  const gl = map.getCanvas().getContext('webgl2');
  const names = gl?.getExtension('WEBGL_debug_renderer_info');
  const isSoftware = names && softwareRenderers.test(String(gl?.getParameter(names.UNMASKED_RENDERER_WEBGL)));
  return isSoftware ? (gl ?? undefined) : undefined;
};

/** Where a picture lies when something else is in view, as a CSS transform of a box of the size of `pictured`, whose lines go upwards. */
export const placeOf = (pictured: View, now: View): string => {
  const scale = 2 ** (now.zoom - pictured.zoom);
  const size = worldSizePx(now.zoom);
  // The world repeats: the copy nearest to the middle is the one in sight.
  const turns = pictured.x - now.x;
  const left = now.width / 2 + (turns - Math.round(turns)) * size - (scale * pictured.width) / 2;
  const bottom = now.height / 2 + (pictured.y - now.y) * size + (scale * pictured.height) / 2;
  return `translate(${left}px, ${bottom}px) scale(${scale}, ${-scale})`;
};

/** Reads what was drawn without waiting for it: the graphics process says when it is there. */
class PictureReader {
  readonly #gl: WebGL2RenderingContext;
  readonly #buffer: WebGLBuffer | null;
  /** Used again for the next picture: it is as large as the window. */
  #pixels: ImageData | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#buffer = gl.createBuffer();
  }

  get isReading(): boolean {
    return this.#timer !== undefined;
  }

  read(done: (pixels: ImageData) => void): void {
    const gl = this.#gl;
    const { drawingBufferWidth: width, drawingBufferHeight: height } = gl;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, this.#buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, width * height * 4, gl.STREAM_READ);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    const poll = (): void => {
      if (sync && !gl.isContextLost() && gl.getSyncParameter(sync, gl.SYNC_STATUS) !== gl.SIGNALED) {
        this.#timer = setTimeout(poll, pollMs);
        return;
      }
      this.#timer = undefined;
      if (!sync || gl.isContextLost()) return;
      gl.deleteSync(sync);
      if (this.#pixels?.width !== width || this.#pixels.height !== height) this.#pixels = new ImageData(width, height);
      const pixels = this.#pixels;
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, this.#buffer);
      gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, pixels.data);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
      done(pixels);
    };
    this.#timer = setTimeout(poll, pollMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * Where software draws the map, a picture takes 50 to 300 ms, by its number of pixels, and the browser waits for it with everything else: letters that are typed, panels that
 * open. There the map's own canvas is not shown. What it drew is fetched when it is ready and shown on another one, which moves and
 * grows with the map until the next picture is there. Elsewhere nothing changes.
 */
export const showSoftwarePicture = (map: MapLibreMap): void => {
  const gl = softwareContextOf(map);
  if (!gl) return;
  const reader = new PictureReader(gl);
  const shown = document.createElement('canvas');
  const context = shown.getContext('2d') as CanvasRenderingContext2D;
  Object.assign(shown.style, { position: 'absolute', top: '0', left: '0', transformOrigin: '0 0', pointerEvents: 'none' });
  shown.setAttribute('aria-hidden', 'true');
  map.getCanvas().style.opacity = '0';
  map.getCanvas().before(shown);

  let pictured = viewOf(map);
  const place = (): void => {
    shown.style.transform = placeOf(pictured, viewOf(map));
  };
  const show = (pixels: ImageData, view: View): void => {
    pictured = view;
    if (shown.width !== pixels.width || shown.height !== pixels.height) {
      shown.width = pixels.width;
      shown.height = pixels.height;
    }
    Object.assign(shown.style, { width: `${view.width}px`, height: `${view.height}px` });
    context.putImageData(pixels, 0, 0);
    place();
  };

  const detail = new Detail(map);
  let isMissed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // One that is set stays: while somebody drags, timers come after frames, and one that each frame sets anew would never come. Too early a one asks again.
  const drawLater = (waitMs: number): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      detail.fit();
      map.triggerRepaint();
    }, waitMs);
  };
  const drawApart = (): void => {
    const { painter } = map;
    const paint = painter.render.bind(painter);
    painter.render = (...scene) => {
      isMissed = reader.isReading;
      if (isMissed) return;
      const { waitMs, isCoarse } = detail.due();
      if (waitMs > 0 || isCoarse !== detail.isCoarse) {
        drawLater(waitMs);
        return;
      }
      detail.drawn();
      paint(...scene);
      const view = viewOf(map);
      reader.read((pixels) => {
        show(pixels, view);
        if (isMissed) map.triggerRepaint();
      });
    };
  };
  drawApart();
  map.on('webglcontextrestored', drawApart);
  map.on('move', place);
  map.on('resize', place);
  map.on('remove', () => {
    reader.stop();
    clearTimeout(timer);
  });
};

/** What is known of the map's movements, ms: it moves, or it rests. */
export interface Movement {
  readonly isMoving: boolean;
  /** When it began to move, and when it ended last. */
  readonly beganMs: number;
  readonly endedMs: number;
  /** When the last picture was drawn. */
  readonly drawnMs: number;
}

/** How long the next picture waits, and whether it is coarse: seldom and coarse while the map moves, fine once it rests. */
export const pictureDue = (
  { isMoving, beganMs, endedMs, drawnMs }: Movement,
  nowMs: number,
): { readonly waitMs: number; readonly isCoarse: boolean } => ({
  isCoarse: isMoving,
  waitMs: Math.max(0, (isMoving ? Math.max(beganMs, drawnMs) + movingPictureMs : endedMs + restMs) - nowMs),
});

/** With how many pixels the map is drawn. What lies above it, vehicles and their names, is always fine. */
class Detail {
  readonly #map: MapLibreMap;
  isCoarse = false;
  #beganMs = Number.NEGATIVE_INFINITY;
  #endedMs = Number.NEGATIVE_INFINITY;
  #drawnMs = Number.NEGATIVE_INFINITY;
  // Changing the number of pixels counts as a movement, too.
  #isChanging = false;

  constructor(map: MapLibreMap) {
    this.#map = map;
    map.on('movestart', () => {
      if (!this.#isChanging) this.#beganMs = performance.now();
    });
    map.on('moveend', () => {
      if (!this.#isChanging) this.#endedMs = performance.now();
    });
  }

  due(): ReturnType<typeof pictureDue> {
    const movement = { isMoving: this.#map.isMoving(), beganMs: this.#beganMs, endedMs: this.#endedMs, drawnMs: this.#drawnMs };
    return pictureDue(movement, performance.now());
  }

  drawn(): void {
    this.#drawnMs = performance.now();
  }

  /** Takes as many pixels as the picture that is due has. Not in a frame: the map would be drawn in the middle of being drawn. */
  fit(): void {
    const { waitMs, isCoarse } = this.due();
    if (waitMs > 0 || isCoarse === this.isCoarse) return;
    this.isCoarse = isCoarse;
    this.#isChanging = true;
    this.#map.setPixelRatio(devicePixelRatio * (isCoarse ? coarseness : 1));
    this.#isChanging = false;
  }
}
