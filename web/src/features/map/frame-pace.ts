/** While vehicles glide, they are drawn again this often: calm on a battery, and smooth at driving speed. */
const frameMs = 1000 / 30;
/** Of the time, gliding takes at most this share: the rest is for what people do. */
const shareMax = 0.25;
/** Slower than this it would not be gliding. */
const waitMaxMs = 250;
/** How much the newest frame says of what the next one costs. */
const weight = 0.3;

/** Of a frame and all that the browser makes of it, ms: when the next one is due, ms after this one began. */
export const nextFrameMs = (costMs: number): number => Math.min(waitMaxMs, Math.max(frameMs, costMs / shareMax));

/**
 * When a canvas is drawn again. A frame costs what the script takes, and what the browser does with the picture right after it on the same thread, which without a
 * graphics card is most of it: measured from the begin to a message that is delivered once the frame is done.
 */
export class FramePace {
  readonly #step: () => void;
  readonly #channel = new MessageChannel();
  #costMs = 0;
  #beganMs = 0;
  #isMeasuring = false;
  #frame: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `step` is called in each frame that is due. */
  constructor(step: () => void) {
    this.#step = step;
    this.#channel.port1.onmessage = () => {
      this.#isMeasuring = false;
      this.#costMs += weight * (performance.now() - this.#beganMs - this.#costMs);
    };
  }

  sinceDrawMs(): number {
    return performance.now() - this.#beganMs;
  }

  /** To be called when drawing begins. */
  began(): void {
    this.#beganMs = performance.now();
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    this.#channel.port2.postMessage(0);
  }

  /** The next frame of the window. */
  askFrame(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#step();
    });
  }

  /** A frame as soon as it may be. */
  askNext(): void {
    if (this.#frame !== undefined || this.#timer !== undefined) return;
    // A timer ends a little late, and then waits for the window's next frame.
    this.#timer = setTimeout(() => this.askFrame(), Math.max(0, nextFrameMs(this.#costMs) - frameMs / 2));
  }

  stop(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#frame = undefined;
    this.#timer = undefined;
    this.#channel.port1.close();
  }
}
