import type { RecordBatch } from '../../events/index.ts';
import { openChunkStore } from '../../history/adapters/sqlite/index.ts';
import { type ChunkStore, HiddenValues, readLastValues, valueAt } from '../../history/index.ts';
import {
  alignTime,
  compareLive,
  deviceHeardLast,
  everyValue,
  lastSeenOf,
  type Live,
  type LiveComparison,
  openLive,
  seedStatus,
  seedValue,
  settleSeeds,
} from '../../live/index.ts';
import { openSnapshotFolder } from '../../storage/adapters/folder/index.ts';
import { nameOf } from './compare-history.ts';
import { KnownVehicles } from './known-vehicles.ts';
import { differencesNamedMax, seedIdleChunksMax, seedMonthsMax } from './limits.ts';
import type { BuildContext, Compared, ModelBuilder } from './types.ts';

const partition = 0;

/**
 * Latest values and connection status, from the log. What is older than the log comes from history: the newest value of each signal, and
 * the last status in the timeline. Neither says when a silent vehicle was heard last: that alone is taken over from the newest snapshot.
 */
export class LiveBuilder implements ModelBuilder {
  readonly comparedAt: number;
  readonly #context: BuildContext;
  readonly #history: ChunkStore;
  readonly #vehicles: KnownVehicles;
  /** As the newest snapshot at or before the point says. */
  readonly #running: Live;
  readonly #live: Live;
  readonly #hidden: HiddenValues;
  #isOpen = true;

  constructor(context: BuildContext, history: ChunkStore, running: Live, live: Live, comparedAt: number) {
    this.#context = context;
    this.#history = history;
    this.#running = running;
    this.#live = live;
    this.comparedAt = comparedAt;
    this.#vehicles = new KnownVehicles(history, context.point.startOffset === 0);
    this.#hidden = new HiddenValues(context.point.rules);
  }

  get #isLogWhole(): boolean {
    return this.#context.point.startOffset === 0;
  }

  /** The newest values of history, as far back as `seedMonthsMax` months. */
  async begin(): Promise<void> {
    if (this.#isLogWhole) return;
    const isShown = (vehicleNo: number, timeMs: number): boolean => !this.#hidden.isErased(vehicleNo, timeMs);
    const options = {
      beforeOffset: this.#context.point.startOffset,
      isShown,
      monthsMax: seedMonthsMax,
      idleChunksMax: seedIdleChunksMax,
    };
    await readLastValues(this.#history, options, (vehicleNo, values) => {
      for (const { signalNumber, deviceNo, timeMs, stored } of values)
        seedValue(this.#live, vehicleNo, { signalNumber, deviceNo, time: timeMs, stored });
    });
  }

  async apply(batch: RecordBatch): Promise<void> {
    await this.#vehicles.note(batch, (vehicleNo, status) => seedStatus(this.#live, vehicleNo, status));
    this.#live.apply(batch);
    // They are in history's timeline, which has a rebuild of its own.
    this.#live.takeStatusChanges();
  }

  async flush(): Promise<void> {
    if (!this.#isLogWhole) await this.#seedRest();
  }

  compare(): Promise<readonly Compared[]> {
    alignTime(this.#live, this.#running);
    this.#live.takeStatusChanges();
    this.#erase();
    this.#forgetOld();
    return Promise.resolve(this.#texts(compareLive(this.#running, this.#live, differencesNamedMax)));
  }

  /** What neither the log nor the newest months of history told: looked up in history by its time, or too old for both. */
  async #seedRest(): Promise<void> {
    const { nowMs } = this.#context.point;
    for (const { vehicleNo, value } of everyValue(this.#running)) {
      const { signalNumber, deviceNo, time, stored } = value;
      if ((this.#live.peek(vehicleNo, signalNumber)?.time ?? -1) >= 0) continue;
      const isPast = time < this.#hidden.allKeptFromMs(vehicleNo, nowMs);
      const found = isPast ? stored : await valueAt(this.#history, vehicleNo, { signalNumber, deviceNo, timeMs: time });
      if (found !== undefined) seedValue(this.#live, vehicleNo, { signalNumber, deviceNo, time, stored: found });
    }
    await this.#seedSilent();
    settleSeeds(this.#live, this.#running);
  }

  /** Vehicles that the log does not tell of at all. */
  async #seedSilent(): Promise<void> {
    for (const vehicleNo of this.#running.knownVehicles()) {
      if (this.#vehicles.has(vehicleNo)) continue;
      const last = await this.#vehicles.lastBefore(vehicleNo, this.#context.point.nowMs);
      if (!last) continue;
      const { to, at, reason } = last;
      const lastSeen = lastSeenOf(this.#running, vehicleNo) ?? at;
      const deviceNo = deviceHeardLast(this.#running, vehicleNo);
      seedStatus(this.#live, vehicleNo, { status: to, since: at, reason, lastSeen, deviceNo });
    }
  }

  #erase(): void {
    for (const { vehicleNo, fromMs, toMs } of this.#context.point.rules.erased) this.#live.erase(vehicleNo, fromMs, toMs);
  }

  /** What is older than it is kept, in both: a running server forgets it now and then only. */
  #forgetOld(): void {
    const { vocabulary, point } = this.#context;
    for (const live of [this.#live, this.#running]) {
      for (const vehicleNo of live.knownVehicles()) {
        live.eraseOlder(vehicleNo, (signalNumber) => {
          const group = vocabulary.byNumber(signalNumber)?.group;
          return group === undefined ? Number.NEGATIVE_INFINITY : this.#hidden.keptFromMs(vehicleNo, group, point.nowMs);
        });
      }
    }
  }

  #texts(found: LiveComparison): Compared[] {
    const { directory, vocabulary } = this.#context;
    const signalName = (signalNumber: number): string => vocabulary.byNumber(signalNumber)?.path ?? `signal ${signalNumber}`;
    const iso = (ms: number | null | undefined): string =>
      ms === null || ms === undefined ? 'never' : new Date(ms).toISOString();
    return [
      {
        kind: 'latest values',
        compared: found.values,
        differences: found.valueDifferences,
        first: found.firstValues.map(
          ({ vehicleNo, signalNumber, before, after }) =>
            `${nameOf(directory, vehicleNo)}, ${signalName(signalNumber)}: of ${iso(before?.time)} became of ${iso(after?.time)}`,
        ),
      },
      {
        kind: 'connections',
        compared: found.vehicles,
        differences: found.connectionDifferences,
        first: found.firstConnections.map(
          ({ vehicleNo, before, after }) =>
            `${nameOf(directory, vehicleNo)}: ${before.status} (${before.reason}) since ${iso(before.since)} became ${after.status} (${after.reason}) since ${iso(after.since)}`,
        ),
      },
    ];
  }

  derive(): Promise<void> {
    return Promise.resolve();
  }

  async finish(offset: number): Promise<void> {
    this.#erase();
    await this.#live.saveSnapshot([{ partition, offset }]);
    await this.abandon();
  }

  async abandon(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#live.close();
    await this.#running.close();
    await this.#history.close();
  }
}

export const buildLive = async (context: BuildContext): Promise<ModelBuilder> => {
  const { directory, vocabulary, clock, logger, timeouts, oldFolder, newFolder, historyFolder, point } = context;
  const open = (folder: string): Live =>
    openLive({
      directory,
      vocabulary: () => vocabulary,
      clock,
      logger,
      snapshots: openSnapshotFolder(folder),
      defaults: timeouts,
    });
  const running = open(oldFolder);
  const snapshotAt = (await running.loadSnapshot([{ partition, offset: point.offset }]))[0]?.offset ?? 0;
  // Without a snapshot that the log goes on from, everything of the new one is a difference.
  const comparedAt = snapshotAt > point.startOffset ? snapshotAt : point.offset;
  const history = await openChunkStore({ folder: historyFolder }, 'read');
  return new LiveBuilder(context, history, running, open(newFolder), comparedAt);
};
