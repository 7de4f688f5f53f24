/** What part of the earth the map shows. */
export interface Camera {
  readonly latitude: number;
  readonly longitude: number;
  readonly zoom: number;
}

/** From here on the coarse coast would be drawn through a harbour. */
export const fineOutlinesZoom = 6;

/** A number so small that it is written as zero has no sign. */
const fixed = (value: number, digits: number): string => value.toFixed(digits).replace(/^-(0\.0+)$/, '$1');

/** As it stands in the address: `34.02050,-6.84160,12.50`. */
export const writeCamera = ({ latitude, longitude, zoom }: Camera): string =>
  `${fixed(latitude, 5)},${fixed(longitude, 5)},${fixed(zoom, 2)}`;

/** Undefined when the text is not a place on the earth. */
export const readCamera = (text: string): Camera | undefined => {
  if (!/^-?\d+(\.\d+)?,-?\d+(\.\d+)?,\d+(\.\d+)?$/.test(text)) return undefined;
  const [latitude, longitude, zoom] = text.split(',').map(Number) as [number, number, number];
  const isOnEarth = Math.abs(latitude) <= 85 && Math.abs(longitude) <= 180 && zoom <= 22;
  return isOnEarth ? { latitude, longitude, zoom } : undefined;
};

export const isSameCamera = (a: Camera, b: Camera): boolean => writeCamera(a) === writeCamera(b);

/** More moves than that are not under way to the address at once. */
const toldMax = 16;

/**
 * Where the map was moved to is noted in the address, and comes back from there a moment later, when it may be somewhere else already. Who took that for a wish
 * to be led there would lead the map to and fro between two places without end.
 */
export class ToldCameras {
  /** Those that have not come back, oldest first. */
  #told: string[] = [];

  /** To be called with what is to be noted in the address. */
  tell(camera: Camera, inAddress: Camera | undefined): void {
    const text = writeCamera(camera);
    const last = this.#told.at(-1) ?? (inAddress && writeCamera(inAddress));
    if (text !== last) this.#told = [...this.#told, text].slice(-toldMax);
  }

  /** Of what stands in the address now: whether it was told, and those before it will not come any more. */
  isEcho(camera: Camera): boolean {
    const at = this.#told.indexOf(writeCamera(camera));
    if (at < 0) return false;
    this.#told = this.#told.slice(at + 1);
    return true;
  }
}
