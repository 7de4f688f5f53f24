import type { Device } from '../registry/index.ts';
import { sessionLimits } from './session-limits.ts';

const { shareUnitsPerSecond, shareUnitsBurst, shareWindowMs } = sessionLimits;

/**
 * What one device may cost: a report is one unit, and one more for each KiB of it. What is not used gathers up to a burst; who is over it is
 * not read until the debt is paid, so that one device never takes the time of all others.
 */
export class DeviceShare {
  readonly device: Device;
  #units: number = shareUnitsBurst;
  #filledAtMs: number;
  #window = 0;
  #reports = 0;
  #reportsBefore = 0;

  constructor(device: Device, nowMs: number) {
    this.device = device;
    this.#filledAtMs = nowMs;
  }

  /** Takes a report of so many bytes in; answers for how many ms nothing more should be read, 0: go on. */
  take(bytes: number, nowMs: number): number {
    const window = Math.floor(nowMs / shareWindowMs);
    if (window !== this.#window) this.#turn(window);
    this.#reports++;
    this.#units -= 1 + (bytes >> 10);
    if (this.#units > 0 || this.mayTake(nowMs)) return 0;
    return Math.ceil(((1 - this.#units) * 1000) / shareUnitsPerSecond);
  }

  mayTake(nowMs: number): boolean {
    this.#units = Math.min(shareUnitsBurst, this.#units + ((nowMs - this.#filledAtMs) / 1000) * shareUnitsPerSecond);
    this.#filledAtMs = nowMs;
    return this.#units > 0;
  }

  /** Nothing came for a whole window, so nothing is owed either. */
  isIdle(nowMs: number): boolean {
    return Math.floor(nowMs / shareWindowMs) > this.#window + 1 && this.mayTake(nowMs);
  }

  /** In the last whole window. */
  reportsPerSecond(nowMs: number): number {
    const window = Math.floor(nowMs / shareWindowMs);
    if (window !== this.#window) this.#turn(window);
    return this.#reportsBefore / (shareWindowMs / 1000);
  }

  #turn(window: number): void {
    this.#reportsBefore = window === this.#window + 1 ? this.#reports : 0;
    this.#window = window;
    this.#reports = 0;
  }
}

export interface BusyDevice {
  readonly deviceId: string;
  readonly reportsPerSecond: number;
}

/** The shares of all devices that were heard lately. */
export class DeviceShares {
  readonly #shares = new Map<number, DeviceShare>();
  /** How often a device was slowed down. */
  throttles = 0;

  of(device: Device, nowMs: number): DeviceShare {
    const known = this.#shares.get(device.deviceNo);
    if (known) return known;
    const share = new DeviceShare(device, nowMs);
    this.#shares.set(device.deviceNo, share);
    return share;
  }

  /** Lets go of those that are idle: a share that is asked for again begins anew. */
  prune(nowMs: number): void {
    for (const [deviceNo, share] of this.#shares) if (share.isIdle(nowMs)) this.#shares.delete(deviceNo);
  }

  /** Those that report most, the busiest first; a few, and only if they report much. */
  busiest(nowMs: number): BusyDevice[] {
    const found: BusyDevice[] = [];
    for (const share of this.#shares.values()) {
      const reportsPerSecond = share.reportsPerSecond(nowMs);
      if (reportsPerSecond >= sessionLimits.busyReportsPerSecond) found.push({ deviceId: share.device.id, reportsPerSecond });
    }
    return found.sort((a, b) => b.reportsPerSecond - a.reportsPerSecond).slice(0, sessionLimits.busyDevicesShown);
  }
}
