import type { Clock, Logger } from '../../kernel/index.ts';
import type { Announced } from '../thread-messages.ts';
import type { FleetThreads } from './fleet-threads.ts';
import { keyframeLookEveryMs, keyframePauseFactor, keyframeSearchEveryMs } from './limits.ts';

export interface KeyframeScheduleOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly threads: Pick<FleetThreads, 'due' | 'make' | 'sweep'>;
  /** Asks the writing thread: what it stores afterwards is noted as late. */
  readonly announce: (atMs: number) => Promise<Announced>;
  /** receivedAt (ms) up to which everything is in chunks. */
  readonly storedToMs: () => number;
  readonly retentionMs: number;
}

/** Makes keyframes when they are due, and removes from them what may no longer be kept, one after the other. */
export class KeyframeSchedule {
  readonly #options: KeyframeScheduleOptions;
  #cancel: (() => void) | undefined;
  #running: Promise<boolean> | undefined;
  #isStopped = false;
  #holders = 0;
  #searchAgainMs = Number.NEGATIVE_INFINITY;
  made = 0;
  lastMadeMs = 0;

  constructor(options: KeyframeScheduleOptions) {
    this.#options = options;
    this.#wait(keyframeLookEveryMs);
  }

  /** Makes everything that is due now. */
  async runAll(): Promise<void> {
    for (let isMore = true; isMore && !this.#isStopped; ) {
      await this.#running?.catch(() => undefined);
      isMore = await this.#step(true);
    }
  }

  /** Nothing is made until the answer is called: what was announced is announced again. Resolves when what is under way has ended. */
  async hold(): Promise<() => void> {
    this.#holders++;
    await this.#running?.catch(() => undefined);
    return () => void this.#holders--;
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running?.catch(() => undefined);
  }

  #wait(ms: number): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.clock.after(ms, () => void this.#tick());
  }

  async #tick(): Promise<void> {
    const { clock, logger } = this.#options;
    const startedMs = clock.now();
    try {
      const isMore = await (this.#running ?? this.#step(clock.now() >= this.#searchAgainMs));
      this.#wait(isMore ? Math.max(1, (clock.now() - startedMs) * keyframePauseFactor) : keyframeLookEveryMs);
    } catch (error) {
      if (!this.#isStopped) logger.error('a keyframe could not be made; it is tried again', { error });
      this.#wait(keyframeLookEveryMs);
    }
  }

  async #step(isSearch: boolean): Promise<boolean> {
    const running = this.#do(isSearch);
    this.#running = running;
    try {
      return await running;
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }

  async #do(isSearch: boolean): Promise<boolean> {
    if (this.#holders > 0) return false;
    const { clock, threads, announce, storedToMs, retentionMs } = this.#options;
    const nowMs = clock.now();
    const atMs = await threads.due({ nowMs, storedToMs: storedToMs(), retentionMs, isSearch });
    if (atMs === undefined) {
      if (isSearch) this.#searchAgainMs = nowMs + keyframeSearchEveryMs;
      return threads.sweep(nowMs);
    }
    const announced = await announce(atMs);
    let fromVehicleNo: number | undefined = 0;
    while (fromVehicleNo !== undefined && !this.#isStopped && this.#holders === 0)
      fromVehicleNo = await threads.make({ atMs, ...announced, nowMs: clock.now(), fromVehicleNo });
    if (fromVehicleNo === undefined) {
      this.made++;
      this.lastMadeMs = clock.now() - nowMs;
    }
    return true;
  }
}
