import type { OverlayColours } from './overlay-colours.ts';

/** Kept at least, and twice as many at most: more than the largest screen shows at once. */
const spritesMin = 1000;
/** Kept for a screen with many pixels, no more than the canvas itself has. */
const ratioMax = 2;

let ratio = 1;
/** Pixels of the canvas in a CSS pixel. To be asked for once a picture: the answer of the window takes as long as drawing a mark. */
export const pixelRatio = (): number => {
  ratio = Math.min(ratioMax, devicePixelRatio);
  return ratio;
};

/** How far a picture reaches from its middle, in CSS pixels. */
export interface Reach {
  readonly x: number;
  readonly y: number;
}

/** A bitmap is drawn as it is; of a canvas, which may change, the browser makes a picture each time it is drawn. */
type Sprite = ImageBitmap | HTMLCanvasElement;

/** Marks in the colours of one theme. Those that were not drawn for long go, many at a time. */
class SpriteCache {
  #recent = new Map<string | number, Sprite>();
  #before = new Map<string | number, Sprite>();
  #ratio = 0;

  get(key: string | number, make: () => Sprite): Sprite {
    const recent = this.#recent.get(key);
    if (recent) return recent;
    if (this.#recent.size >= spritesMin) {
      this.#before = this.#recent;
      this.#recent = new Map();
    }
    const sprite = this.#before.get(key) ?? make();
    this.#recent.set(key, sprite);
    return sprite;
  }

  /** With another number of pixels everything is made anew. */
  fit(wanted: number): void {
    if (wanted === this.#ratio) return;
    this.#ratio = wanted;
    this.#recent.clear();
    this.#before.clear();
  }
}

let caches = new WeakMap<OverlayColours, SpriteCache>();
const cacheOf = (colours: OverlayColours): SpriteCache => {
  const known = caches.get(colours);
  if (known) return known;
  const made = new SpriteCache();
  caches.set(colours, made);
  return made;
};

/** To be called when what was drawn would look different: the fonts came. */
export const forgetSprites = (): void => {
  caches = new WeakMap();
};

export type PaintContext = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
type Paint = (context: PaintContext) => void;

/** The same for all sprites: opening a canvas takes longer than painting on it. Safari has them from 16.4 on. */
let easel: { readonly canvas: OffscreenCanvas; readonly context: OffscreenCanvasRenderingContext2D } | undefined;
const takeEasel = (width: number, height: number): typeof easel => {
  if (typeof OffscreenCanvas === 'undefined') return undefined;
  if (easel) {
    easel.canvas.width = width;
    easel.canvas.height = height;
    return easel;
  }
  const canvas = new OffscreenCanvas(width, height);
  easel = { canvas, context: canvas.getContext('2d') as OffscreenCanvasRenderingContext2D };
  return easel;
};

const makeSprite = (reach: Reach, paint: Paint): Sprite => {
  const width = Math.ceil(reach.x * ratio) * 2;
  const height = Math.ceil(reach.y * ratio) * 2;
  const paintOn = (context: PaintContext): void => {
    context.setTransform(ratio, 0, 0, ratio, width / 2, height / 2);
    paint(context);
  };
  const taken = takeEasel(width, height);
  if (taken) {
    paintOn(taken.context);
    return taken.canvas.transferToImageBitmap();
  }
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  paintOn(canvas.getContext('2d') as CanvasRenderingContext2D);
  return canvas;
};

/**
 * Draws a mark with its middle at x, y: painted once, copied from then on. The browser turns paths and outlined text into pixels on the main thread unless
 * a graphics card does, which takes ten times as long as copying them. It lies on whole pixels, so nothing is blurred. `key` names all that it looks like,
 * but for the colours.
 */
export const drawSprite = (
  context: CanvasRenderingContext2D,
  colours: OverlayColours,
  key: string | number,
  reach: Reach,
  x: number,
  y: number,
  paint: Paint,
): void => {
  const cache = cacheOf(colours);
  cache.fit(ratio);
  const sprite = cache.get(key, () => makeSprite(reach, paint));
  const left = (Math.round(x * ratio) - sprite.width / 2) / ratio;
  const top = (Math.round(y * ratio) - sprite.height / 2) / ratio;
  context.drawImage(sprite, left, top, sprite.width / ratio, sprite.height / ratio);
};
