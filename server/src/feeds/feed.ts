import { type FeedEvent, type ReceiptChannel, timePrecisions } from '@milepost/contract/api';
import type { EventLog } from '../eventlog/index.ts';
import { type ReadScope, physicalPartitionOf, recordFields } from '../events/index.ts';
import { type Clock, invalidField } from '../kernel/index.ts';
import { type GrantBook, itemsOf, itemsTold, type ReadReceipts } from '../sharing/index.ts';
import type { Storage } from '../storage/index.ts';
import { grantEventView } from './grant-events.ts';
import { feedLimits } from './limits.ts';
import { type FeedPosition, makePositionCodec, type Offsets, type PositionCodec } from './position.ts';
import { scanLog } from './scan-log.ts';
import { readGrantEvents, readPositionNow } from './store.ts';
import { openReport, type PeriodPrecision, tellReport, type TellParts } from './tell-report.ts';
import { overMs, type TellVehicleParts, toldOfPeriod, vehicleEvent } from './tell-vehicle.ts';

export interface FeedParts extends TellParts, TellVehicleParts {
  readonly book: GrantBook;
  readonly log: EventLog;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly vocabulary: TellVehicleParts['vocabulary'];
  readonly receipts: ReadReceipts;
}

/** Who is told, and of what. */
export interface FeedReader {
  readonly appNo: number;
  readonly scope: ReadScope;
  readonly vehicleNos: ReadonlySet<number>;
  /** Grants of which events are told; null: all of the app's. */
  readonly grantIds: ReadonlySet<string> | null;
}

export interface FeedPage {
  readonly events: readonly FeedEvent[];
  /** Vehicles of `events`, one each. */
  readonly vehicleNos: readonly number[];
  readonly position: FeedPosition;
  /** There was nothing left. */
  readonly isAtEnd: boolean;
}

interface Found {
  readonly vehicleNo: number;
  readonly event: FeedEvent;
}

interface Reading {
  readonly reader: FeedReader;
  readonly deadline: number;
  readonly limit: number;
  readonly found: Found[];
  isAtEnd: boolean;
}

/** Tells apps what has changed, from the log and from what was written of grants. At least once, in pages, each from where the one before ended. */
export class Feed {
  readonly codec: PositionCodec;
  readonly parts: FeedParts;

  constructor(parts: FeedParts) {
    this.parts = parts;
    this.codec = makePositionCodec(parts.pepper);
  }

  /** From which on everything is told that comes from now on. */
  async now(appNo: number): Promise<FeedPosition> {
    const { log, storage, clock } = this.parts;
    const report = Object.fromEntries(log.partitions().map((partition) => [partition, log.endOffset(partition)]));
    // What was written a moment ago is no news; what is being written is.
    return { appNo, atMs: clock.now(), log: { report }, grants: await readPositionNow(storage, appNo) };
  }

  /** Throws `invalid_field`: too old, or none of this app. */
  position(cursor: string, appNo: number): FeedPosition {
    const position = this.codec.read(cursor, appNo);
    if (position.atMs < this.parts.clock.now() - feedLimits.backMs)
      throw invalidField('cursor', cursor.slice(0, 40), 'one of the last 7 days');
    return position;
  }

  /**
   * What comes after a position: at most `limit` changes of vehicles, whatever else changed. `isTailed`: the caller hears of reports by itself, so all
   * but them. Throws `unavailable`.
   */
  async page(reader: FeedReader, position: FeedPosition, limit: number, isTailed = false): Promise<FeedPage> {
    const { storage, clock, vehicleIds } = this.parts;
    const { appNo, grantIds } = reader;
    const grants = await readGrantEvents(storage, appNo, position.grants);
    const reading: Reading = { reader, limit, found: [], deadline: clock.steady() + feedLimits.scanMs, isAtEnd: grants.isAtEnd };
    for (const written of grants.events) {
      const { vehicleNo, grantId } = written;
      // Not by the vehicles of the reader: a grant is written before this process hears of it.
      if (grantIds && !grantIds.has(grantId)) continue;
      reading.found.push({ vehicleNo, event: grantEventView(written, vehicleIds.idOf(appNo, vehicleNo)) });
    }
    const log = await this.#readLog(reading, position, isTailed);
    return {
      events: reading.found.map(({ event }) => event),
      vehicleNos: reading.found.map(({ vehicleNo }) => vehicleNo),
      position: { appNo, atMs: clock.now(), log, grants: grants.position },
      isAtEnd: reading.isAtEnd,
    };
  }

  /** How things are told to a reader now. */
  #precisions({ appNo, vehicleNos }: FeedReader): Set<string> {
    const used = new Set<string>();
    for (const vehicleNo of vehicleNos)
      for (const { state, items } of this.parts.book.of({ kind: 'app', appNo }, vehicleNo))
        if (state === 'active') for (const { time = 'report' } of items) used.add(time);
    return used;
  }

  async #readLog(reading: Reading, position: FeedPosition, isTailed: boolean): Promise<FeedPosition['log']> {
    const used = this.#precisions(reading.reader);
    const found: Partial<Record<string, Offsets>> = {};
    for (const time of timePrecisions) {
      const known = position.log[time];
      // Reports stand where everything was told; who is told less often has not been told what came since.
      if (time !== 'report' && !used.has(time)) continue;
      if (time === 'report' && isTailed) {
        found[time] = position.log.report;
        continue;
      }
      const from = known ?? position.log.report;
      found[time] =
        time === 'report' ? await this.#readReports(reading, from, used) : await this.#readPeriods(reading, from, time);
    }
    return found as FeedPosition['log'];
  }

  /** Partitions in which vehicles of the reader are; the others have nothing to tell. */
  #partitionsOf({ vehicleNos }: FeedReader): Set<number> {
    const count = this.parts.log.partitions().length;
    return new Set([...vehicleNos].map((vehicleNo) => physicalPartitionOf(vehicleNo, count)));
  }

  async #readReports(reading: Reading, from: Offsets, used: ReadonlySet<string>): Promise<Offsets> {
    const { log, clock } = this.parts;
    const { reader, deadline, limit, found } = reading;
    const wanted = used.has('report') ? this.#partitionsOf(reader) : new Set<number>();
    const offsets: Record<number, number> = {};
    let changes = 0;
    for (const partition of log.partitions()) {
      const fromOffset = from[partition] ?? log.endOffset(partition);
      if (!wanted.has(partition)) {
        offsets[partition] = Math.max(fromOffset, log.endOffset(partition));
        continue;
      }
      const { offset, isAtEnd } = await scanLog(log, clock, {
        partition,
        fromOffset,
        deadline,
        each: (batch, i) => {
          const vehicleNo = recordFields.vehicleNo(batch.view, batch.starts[i] as number);
          if (!reader.vehicleNos.has(vehicleNo) || !openReport(batch, i)) return false;
          const { told } = tellReport(this.parts, reader.scope, vehicleNo, clock.now());
          if (told.length === 0) return false;
          found.push({
            vehicleNo,
            event: vehicleEvent(this.parts, reader, vehicleNo, told, [partition, batch.offsets[i] as number]),
          });
          return ++changes >= limit ? 'after' : false;
        },
      });
      offsets[partition] = offset;
      reading.isAtEnd &&= isAtEnd;
    }
    return offsets;
  }

  /** What is told once a period: of those that something came for since, when that period is over, too. */
  async #readPeriods(reading: Reading, from: Offsets, time: PeriodPrecision): Promise<Offsets> {
    const { log, clock } = this.parts;
    const { reader, deadline, limit } = reading;
    const wanted = this.#partitionsOf(reader);
    const untilMs = overMs(time, clock.now());
    const touched = new Map<string, { readonly vehicleNo: number; readonly endMs: number }>();
    const offsets: Record<number, number> = { ...from };
    for (const partition of wanted) {
      const { offset, isAtEnd } = await scanLog(log, clock, {
        partition,
        fromOffset: from[partition] ?? log.endOffset(partition),
        untilMs,
        deadline,
        each: (batch, i) => {
          const vehicleNo = recordFields.vehicleNo(batch.view, batch.starts[i] as number);
          if (!reader.vehicleNos.has(vehicleNo) || !openReport(batch, i)) return false;
          const { periods } = tellReport(this.parts, reader.scope, vehicleNo, clock.now());
          const ends = [...(periods.get(time) ?? [])];
          // A clock that is ahead: its period is not over yet.
          if (ends.some((endMs) => endMs > untilMs)) return 'before';
          for (const endMs of ends) touched.set(`${vehicleNo}:${endMs}`, { vehicleNo, endMs });
          return touched.size >= limit ? 'after' : false;
        },
      });
      offsets[partition] = offset;
      reading.isAtEnd &&= isAtEnd;
    }
    for (const { vehicleNo, endMs } of touched.values()) {
      const event = await this.periodEvent(reader, vehicleNo, time, endMs);
      if (event) reading.found.push({ vehicleNo, event });
    }
    return offsets;
  }

  /** Before an event goes out: its owner is shown what it tells. Throws `unavailable`. */
  note(appNo: number, vehicleNo: number, event: FeedEvent, channel: ReceiptChannel): void {
    if (event.type !== 'vehicle.changed') return;
    const { receipts, book, vocabulary, clock } = this.parts;
    const reader = { kind: 'app', appNo } as const;
    const items = itemsTold(event, itemsOf(book, reader, vehicleNo), vocabulary());
    receipts.note({ reader, vehicleNo, items, channel, atMs: clock.now() });
  }

  /** Undefined: there is nothing to be told of it. */
  async periodEvent(reader: Pick<FeedReader, 'appNo' | 'scope'>, vehicleNo: number, time: PeriodPrecision, endMs: number) {
    if (!reader.scope.allowsVehicle(vehicleNo)) return undefined;
    const told = await toldOfPeriod(this.parts, reader, vehicleNo, time, endMs);
    if (told.length === 0) return undefined;
    const values = told.map(({ signalNumber, stored }) => `${signalNumber}=${stored}`);
    return vehicleEvent(this.parts, reader, vehicleNo, told, [vehicleNo, time, endMs, ...values]);
  }
}
