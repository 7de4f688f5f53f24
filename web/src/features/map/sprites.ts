/** So many pictures are kept, more than the largest screen shows at once; with more they are all made anew. */
const spritesMax = 1500;
/** Kept for a screen with many pixels, no more than the canvas itself has. */
const ratioMax = 2;

export const pixelRatio = (): number => Math.min(ratioMax, devicePixelRatio);

/** How far a picture reaches from its middle, in CSS pixels. */
export interface Reach {
  readonly x: number;
  readonly y: number;
}

let ratioOfAll = 0;
const sprites = new Map<string, HTMLCanvasElement>();

/** To be called when what was drawn would look different: the fonts came. */
export const forgetSprites = (): void => sprites.clear();

const makeSprite = (reach: Reach, paint: (context: CanvasRenderingContext2D) => void): HTMLCanvasElement => {
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(reach.x * ratioOfAll) * 2;
  canvas.height = Math.ceil(reach.y * ratioOfAll) * 2;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  context.setTransform(ratioOfAll, 0, 0, ratioOfAll, canvas.width / 2, canvas.height / 2);
  paint(context);
  return canvas;
};

/**
 * Draws a mark with its middle at x, y: painted once, copied from then on. The browser turns paths and outlined text into pixels on the main thread unless
 * a graphics card does, which takes ten times as long as copying them. It lies on whole pixels, so nothing is blurred. `key` names all that it looks like.
 */
export const drawSprite = (
  context: CanvasRenderingContext2D,
  key: string,
  reach: Reach,
  x: number,
  y: number,
  paint: (context: CanvasRenderingContext2D) => void,
): void => {
  const ratio = pixelRatio();
  if (ratio !== ratioOfAll || sprites.size > spritesMax) {
    sprites.clear();
    ratioOfAll = ratio;
  }
  let sprite = sprites.get(key);
  if (!sprite) {
    sprite = makeSprite(reach, paint);
    sprites.set(key, sprite);
  }
  const left = (Math.round(x * ratio) - sprite.width / 2) / ratio;
  const top = (Math.round(y * ratio) - sprite.height / 2) / ratio;
  context.drawImage(sprite, left, top, sprite.width / ratio, sprite.height / ratio);
};
