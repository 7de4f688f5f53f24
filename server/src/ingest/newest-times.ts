/** Newest sample time seen of each device since the start: what is newer cannot contradict anything stored. */
export class NewestTimes {
  #times = new Float64Array(1024).fill(Number.NEGATIVE_INFINITY);

  get(deviceNo: number): number {
    return this.#times[deviceNo] ?? Number.NEGATIVE_INFINITY;
  }

  raise(deviceNo: number, timeMs: number): void {
    if (deviceNo >= this.#times.length) {
      const larger = new Float64Array(Math.max(this.#times.length * 2, deviceNo + 1)).fill(Number.NEGATIVE_INFINITY);
      larger.set(this.#times);
      this.#times = larger;
    }
    if (timeMs > (this.#times[deviceNo] as number)) this.#times[deviceNo] = timeMs;
  }
}
