import type { ReadScope } from '../../events/index.ts';
import { type Clock, invalidField, type Logger } from '../../kernel/index.ts';
import type { HiddenValues } from '../hidden-values.ts';
import type { ConsentGroupOf } from '../read-permission.ts';
import type { Table } from '../tables.ts';
import { ThreadClient } from '../thread-client.ts';
import type { Announced, RulesRequest, ThreadData } from '../thread-messages.ts';
import { mayBeAsked, ScopedMoment } from './fleet-moment.ts';
import type { FleetPart } from './fleet-worker.ts';
import { FleetThreads } from './fleet-threads.ts';
import { KeyframeSchedule } from './keyframe-schedule.ts';
import type { FleetMoment, FleetQuery } from './types.ts';

export interface FleetStatistics {
  /** Keyframes made since the start, and how long the last one took. */
  readonly keyframesMade: number;
  readonly lastKeyframeMs: number;
}

export interface FleetReadsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly data: Omit<ThreadData, 'mode'>;
  readonly failed: (error: Error) => void;
  readonly consentGroupOf: ConsentGroupOf;
  readonly announce: (atMs: number) => Promise<Announced>;
  readonly storedToMs: () => number;
  /** 0: no keyframes are made. */
  readonly keyframeRetentionMs: number;
}

/** What is not yet surely in chunks, and what may no longer be read. */
export interface FleetSituation {
  readonly tables: readonly Table[];
  readonly hidden: HiddenValues;
  readonly completeTo: number;
}

/** The main thread's end of everything about fleet states and keyframes. */
export class FleetReads {
  readonly #options: FleetReadsOptions;
  readonly #threads: FleetThreads;
  readonly #schedule: KeyframeSchedule | undefined;
  /** Where the files are, for threads that are started later. */
  #adapterOptions: unknown;

  constructor(options: FleetReadsOptions) {
    const { data, failed, logger, keyframeRetentionMs } = options;
    this.#options = options;
    const warn = (message: string, cause: string): void => logger.warn(message, { cause });
    this.#adapterOptions = data.adapterOptions;
    this.#threads = new FleetThreads(
      () => new ThreadClient({ ...data, adapterOptions: this.#adapterOptions, mode: 'fleet' }, failed, warn),
    );
    if (keyframeRetentionMs > 0)
      this.#schedule = new KeyframeSchedule({ ...options, threads: this.#threads, retentionMs: keyframeRetentionMs });
  }

  async at(
    scope: ReadScope,
    { vehicleNos, atMs, rankOf }: FleetQuery,
    { tables, hidden, completeTo }: FleetSituation,
  ): Promise<FleetMoment> {
    const { clock, consentGroupOf } = this.#options;
    const nowMs = clock.now();
    if (!(Number.isInteger(atMs) && atMs >= 0 && atMs <= nowMs)) throw invalidField('at', atMs, 'a time that is not after now');
    const permitted = Int32Array.from([...vehicleNos].filter((vehicleNo) => mayBeAsked(scope, vehicleNo, atMs))).sort();
    const parts = permitted.length === 0 ? [] : await this.#read(permitted, atMs, tables, hidden);
    return new ScopedMoment(parts, { scope, hidden, groupOf: consentGroupOf, rankOf, nowMs, atMs, completeTo });
  }

  async #read(vehicleNos: Int32Array, atMs: number, all: readonly Table[], hidden: HiddenValues): Promise<FleetPart[]> {
    const records = all.filter((table) => table.records.records > 0).map((table) => table.records);
    const statusChanges = all.flatMap((table) => table.statusChanges.filter(({ at }) => at <= atMs));
    const tables = records.map((table) => table.share());
    for (const table of records) table.hold();
    try {
      return await this.#threads.at({ vehicleNos, atMs, tables, statusChanges, erased: hidden.rules.erased });
    } finally {
      for (const table of records) table.letGo();
    }
  }

  setRules(rules: RulesRequest): Promise<void> {
    return this.#threads.setRules(rules);
  }

  /** `run` moves the files while no keyframe is being made; it is given the threads that have them open. */
  async move(adapterOptions: unknown, run: (threads: readonly ThreadClient[]) => Promise<void>): Promise<void> {
    const resume = await this.#schedule?.hold();
    try {
      this.#adapterOptions = adapterOptions;
      await run(await this.#threads.started());
    } finally {
      resume?.();
    }
  }

  dropBefore(ms: number): Promise<void> {
    return this.#threads.dropBefore(ms);
  }

  /** Makes every keyframe that is due. */
  async makeKeyframes(): Promise<void> {
    await this.#schedule?.runAll();
  }

  statistics(): FleetStatistics {
    return { keyframesMade: this.#schedule?.made ?? 0, lastKeyframeMs: this.#schedule?.lastMadeMs ?? 0 };
  }

  async close(isAtOnce = false): Promise<void> {
    const stopped = this.#schedule?.stop();
    if (isAtOnce) await this.#threads.close(true);
    await stopped;
    await this.#threads.close();
  }
}
