import { type ConnectionStatus, connectionStatuses, type StatusReason, statusReasons } from '@milepost/contract';
import type { StatusChange } from '../history/index.ts';
import { decideStatus, type Outage, provenSilenceMs, type StatusEvent } from './connection-status.ts';
import { pageMemory, pageShift, SaveGuard, type SavablePage, slotMask, vehiclesPerPage } from './pages.ts';
import { TimerWheel } from './timer-wheel.ts';
import type { StatusTimeouts, VehicleStatus } from './types.ts';

/** Outages of the server that are remembered; only those within the longest timeout matter. */
export const outagesMax = 64;

export interface StatusPage extends SavablePage {
  /** receivedAt of the last report or heartbeat; 0: never. */
  readonly lastSeen: Float64Array;
  readonly since: Float64Array;
  /** Device heard last. */
  readonly devices: Int32Array;
  readonly status: Uint8Array;
  readonly reason: Uint8Array;
  readonly remembered: Uint8Array;
}
export const statusPageBytes = vehiclesPerPage * 24;

export const statusPageOver = (buffer: SharedArrayBuffer, savedIn: number): StatusPage => ({
  buffer,
  savedIn,
  lastSeen: new Float64Array(buffer, 0, vehiclesPerPage),
  since: new Float64Array(buffer, vehiclesPerPage * 8, vehiclesPerPage),
  devices: new Int32Array(buffer, vehiclesPerPage * 16, vehiclesPerPage),
  status: new Uint8Array(buffer, vehiclesPerPage * 20, vehiclesPerPage),
  reason: new Uint8Array(buffer, vehiclesPerPage * 21, vehiclesPerPage),
  remembered: new Uint8Array(buffer, vehiclesPerPage * 22, vehiclesPerPage),
});

const copyVehicle = (from: StatusPage, to: StatusPage, slot: number): void => {
  for (const column of ['lastSeen', 'since', 'devices', 'status', 'reason', 'remembered'] as const)
    to[column][slot] = from[column][slot] as number;
};

/** Forgets the vehicles of a page that are not `wanted`. */
export const keepInStatusPage = (page: StatusPage, wanted: (slot: number) => boolean): void => {
  for (let slot = 0; slot < vehiclesPerPage; slot++) {
    if (wanted(slot)) continue;
    page.status[slot] = codes.neverSeen;
    page.lastSeen[slot] = 0;
  }
};

const codes = { neverSeen: 0, online: 1, late: 2, offline: 3 } as const;
const serverDown = statusReasons.indexOf('server_down');
const deadlineEvents: Record<ConnectionStatus, StatusEvent> = {
  never_seen: 'lateDue',
  online: 'lateDue',
  late: 'offlineDue',
  offline: 'proofDue',
};

/** Status of a vehicle as it was found outside of the log. */
export interface SeededStatus {
  readonly status: ConnectionStatus;
  readonly since: number;
  readonly reason: StatusReason;
  readonly lastSeen: number;
  readonly deviceNo: number;
}

export interface StatusContext {
  timeoutsOf(vehicleNo: number, deviceNo: number): StatusTimeouts;
  /** The device's battery was low when it was heard last. */
  isBatteryLow(vehicleNo: number, lastSeen: number): boolean;
  changed(change: StatusChange): void;
  /** Records of several partitions are applied, each with its own time. */
  readonly hasManyTimes?: boolean;
}

/** Connection status of every vehicle and the timers that move it. See status.md. */
export class StatusTracker {
  readonly guard = new SaveGuard();
  #pages: (StatusPage | undefined)[] = [];
  #timeouts: (Float64Array | undefined)[] = [];
  #wheel = new TimerWheel();
  readonly #context: StatusContext;
  #outages: Outage[] = [];
  /** Newest receivedAt of the log; −1: no record yet. */
  #newestRecordMs = -1;
  #vehicles = 0;

  constructor(context: StatusContext) {
    this.#context = context;
  }

  get statistics(): { vehicles: number; timers: number; bytes: number } {
    const pages = this.#pages.filter(Boolean).length;
    return {
      vehicles: this.#vehicles,
      timers: this.#wheel.queued,
      bytes: pages * (statusPageBytes + vehiclesPerPage * 16) + this.#wheel.bytes,
    };
  }
  get outages(): readonly Outage[] {
    return this.#outages;
  }
  get newestRecordMs(): number {
    return this.#newestRecordMs;
  }
  get settledMs(): number {
    return this.#wheel.settledMs;
  }
  /** All pages, with where they belong. */
  entries(): { index: number; page: StatusPage }[] {
    return this.#pages.flatMap((page, index) => (page ? [{ index, page }] : []));
  }

  /** Settles the deadlines that lie before a moment; answers how many changes there were. */
  advance(untilMs: number): number {
    if (this.#newestRecordMs < 0) return 0;
    return this.#wheel.advance(untilMs, this.#deadlineOf, this.#fire);
  }

  /**
   * Time moves to a record's receivedAt: first thing to do with every record. Of several partitions each has its own time, and one may be far
   * behind: there only `advance` finds who is silent.
   */
  recordAt(receivedAt: number): void {
    if (receivedAt <= this.#newestRecordMs) return;
    if (this.#newestRecordMs < 0) this.#wheel.startAt(receivedAt);
    this.#newestRecordMs = receivedAt;
    if (!this.#context.hasManyTimes) this.#wheel.advance(receivedAt, this.#deadlineOf, this.#fire);
  }

  /** A report or heartbeat arrived. Answers whether the status changed. */
  heard(vehicleNo: number, deviceNo: number, receivedAt: number): boolean {
    const page = this.#pages[vehicleNo >> pageShift] ?? this.#addPage(vehicleNo >> pageShift);
    const slot = vehicleNo & slotMask;
    if (page.savedIn !== this.guard.saveNo) this.#keep(page);
    if (page.status[slot] !== codes.neverSeen) this.#settleBefore(vehicleNo, receivedAt);
    const isOther = page.devices[slot] !== deviceNo || page.status[slot] === codes.neverSeen;
    page.devices[slot] = deviceNo;
    if (receivedAt > (page.lastSeen[slot] as number)) page.lastSeen[slot] = receivedAt;
    if (isOther) this.#refreshTimeouts(vehicleNo, page, slot);
    // By far the most frequent case, and what the table says of it.
    if (page.status[slot] === codes.online) {
      page.remembered[slot] = 0;
      return false;
    }
    if (page.status[slot] === codes.neverSeen) this.#vehicles++;
    this.#move(vehicleNo, page, slot, 'report', receivedAt);
    this.#wheel.arm(vehicleNo, this.#deadlineOf(vehicleNo));
    return true;
  }

  /** An event of a device's connection; only the device heard last counts. */
  connectionEvent(vehicleNo: number, deviceNo: number, event: StatusEvent, receivedAt: number): void {
    const page = this.#pages[vehicleNo >> pageShift];
    const slot = vehicleNo & slotMask;
    if (!page || page.status[slot] === codes.neverSeen) return;
    if (page.savedIn !== this.guard.saveNo) this.#keep(page);
    this.#settleBefore(vehicleNo, receivedAt);
    if (page.devices[slot] !== deviceNo) return;
    this.#move(vehicleNo, page, slot, event, receivedAt);
    this.#wheel.arm(vehicleNo, this.#deadlineOf(vehicleNo));
  }

  /** The server started again; `lastAliveMs` is the last moment at which it is known to have run. */
  serverStarted(lastAliveMs: number, startedMs: number): void {
    // What another partition tells is no sign of life at that time: it may be read up to a later one.
    const fromMs = this.#context.hasManyTimes ? lastAliveMs : Math.max(lastAliveMs, this.#newestRecordMs);
    if (this.#newestRecordMs < 0 || fromMs >= startedMs) return;
    // Each partition tells it.
    if (this.#outages.some((outage) => outage.fromMs === fromMs && outage.toMs === startedMs)) return;
    this.#outages.push({ fromMs, toMs: startedMs });
    if (this.#outages.length > outagesMax) this.#outages.shift();
  }

  /**
   * The server's clock was set by `stepMs`, to `nowMs`. What is waited for is told in the new time, as long after the last word as before, so that
   * nobody is late because of it.
   */
  clockStepped(stepMs: number, nowMs: number): void {
    if (this.#newestRecordMs < 0) return;
    this.recordAt(nowMs - stepMs);
    for (const { index, page } of this.entries()) this.#shift(index, page, stepMs, nowMs);
    this.#outages = this.#outages.map(({ fromMs, toMs }) => ({ fromMs: fromMs + stepMs, toMs: toMs + stepMs }));
    this.#newestRecordMs = nowMs;
    this.#wheel.restartAt(nowMs);
    for (const { index } of this.entries()) {
      for (let slot = 0; slot < vehiclesPerPage; slot++) {
        const vehicleNo = (index << pageShift) | slot;
        if (this.isSeen(vehicleNo)) this.#wheel.arm(vehicleNo, this.#deadlineOf(vehicleNo));
      }
    }
  }

  /** Who is waited for was heard as long ago as before, nobody later than now. Changes keep their times: those of a vehicle stay in order. */
  #shift(index: number, page: StatusPage, stepMs: number, nowMs: number): void {
    if (page.savedIn !== this.guard.saveNo) this.#keep(page);
    for (let slot = 0; slot < vehiclesPerPage; slot++) {
      if (page.status[slot] === codes.neverSeen) continue;
      if (stepMs < 0) page.since[slot] = Math.max(page.since[slot] as number, this.#provenAt(index, page, slot, nowMs - stepMs));
      const isAwaited = this.#deadlineOf((index << pageShift) | slot) !== Number.POSITIVE_INFINITY;
      page.lastSeen[slot] = Math.min(nowMs, (page.lastSeen[slot] as number) + (isAwaited ? stepMs : 0));
    }
  }

  /**
   * When it became known why a vehicle is offline, if that was later than that it is; 0: it was not. That moment is the time of its last change,
   * and what comes after a step back must not stand before it.
   */
  #provenAt(index: number, page: StatusPage, slot: number, beforeMs: number): number {
    if (page.status[slot] !== codes.offline || page.reason[slot] === serverDown) return 0;
    const offlineAfter = (this.#timeouts[index] as Float64Array)[slot * 2 + 1] as number;
    const lastSeen = page.lastSeen[slot] as number;
    const proven = provenSilenceMs(lastSeen, offlineAfter, this.#outages);
    return proven > lastSeen + offlineAfter ? Math.min(proven, beforeMs) : 0;
  }

  /** Timeouts of a vehicle may have changed. */
  refresh(vehicleNo: number): void {
    const page = this.#pages[vehicleNo >> pageShift];
    const slot = vehicleNo & slotMask;
    if (!page || page.status[slot] === codes.neverSeen) return;
    this.#refreshTimeouts(vehicleNo, page, slot);
  }

  status(vehicleNo: number): VehicleStatus {
    const page = this.#pages[vehicleNo >> pageShift];
    const slot = vehicleNo & slotMask;
    const code = page?.status[slot] ?? codes.neverSeen;
    if (!page || code === codes.neverSeen) return { status: 'never_seen', since: null, reason: 'none', lastSeen: null };
    return {
      status: connectionStatuses[code] as ConnectionStatus,
      since: page.since[slot] as number,
      reason: statusReasons[page.reason[slot] as number] as StatusReason,
      lastSeen: page.lastSeen[slot] as number,
    };
  }

  /** Index into `connectionStatuses`. */
  statusCode(vehicleNo: number): number {
    return this.#pages[vehicleNo >> pageShift]?.status[vehicleNo & slotMask] ?? codes.neverSeen;
  }
  *seenVehicles(): Iterable<number> {
    for (const { index, page } of this.entries())
      for (let slot = 0; slot < vehiclesPerPage; slot++)
        if ((page.lastSeen[slot] as number) > 0) yield (index << pageShift) | slot;
  }

  isSeen(vehicleNo: number): boolean {
    return this.statusCode(vehicleNo) !== codes.neverSeen;
  }
  /** 0: never. */
  lastSeen(vehicleNo: number): number {
    return this.#pages[vehicleNo >> pageShift]?.lastSeen[vehicleNo & slotMask] ?? 0;
  }

  /** Says where a snapshot stands; only of an empty tracker. Its pages follow. */
  restoreTime(outages: readonly Outage[], newestMs: number, settledMs: number): void {
    this.#outages = [...outages];
    this.#newestRecordMs = newestMs;
    this.#wheel.startAt(settledMs);
  }

  /** The vehicles of a page that no page before had. */
  restorePage(index: number, page: StatusPage): void {
    const there = this.#pages[index];
    if (!there) this.#install(index, page);
    for (let slot = 0; slot < vehiclesPerPage; slot++) {
      if (page.status[slot] === codes.neverSeen) continue;
      if (there) copyVehicle(page, there, slot);
      this.#vehicles++;
      this.#refreshTimeouts((index << pageShift) | slot, there ?? page, slot);
    }
  }

  /** Puts in place what is known of a vehicle from elsewhere, as if it had been heard so; only of one that was never seen. */
  seed(vehicleNo: number, { status, since, reason, lastSeen, deviceNo }: SeededStatus): void {
    const page = this.#pages[vehicleNo >> pageShift] ?? this.#addPage(vehicleNo >> pageShift);
    const slot = vehicleNo & slotMask;
    if (page.status[slot] !== codes.neverSeen || status === 'never_seen') return;
    if (page.savedIn !== this.guard.saveNo) this.#keep(page);
    page.status[slot] = connectionStatuses.indexOf(status);
    page.since[slot] = since;
    page.reason[slot] = statusReasons.indexOf(reason);
    page.lastSeen[slot] = lastSeen;
    page.devices[slot] = deviceNo;
    this.#vehicles++;
    this.#refreshTimeouts(vehicleNo, page, slot);
    this.#wheel.arm(vehicleNo, this.#deadlineOf(vehicleNo));
  }

  /** Device heard last; 0: none. */
  deviceOf(vehicleNo: number): number {
    return this.#pages[vehicleNo >> pageShift]?.devices[vehicleNo & slotMask] ?? 0;
  }

  /** Takes everything over from another tracker, which is worth nothing after. Not while a save runs. */
  adopt(next: StatusTracker): void {
    this.#pages = next.#pages;
    this.#timeouts = next.#timeouts;
    this.#wheel = next.#wheel;
    this.#outages = next.#outages;
    this.#newestRecordMs = next.#newestRecordMs;
    this.#vehicles = next.#vehicles;
    for (const page of this.#pages) if (page) page.savedIn = this.guard.saveNo;
  }

  /** Fires the vehicle's own deadlines that lie before a moment, so that what happens then finds it as it was. */
  #settleBefore(vehicleNo: number, ms: number): void {
    if (this.#deadlineOf(vehicleNo) >= ms) return;
    this.#fire(vehicleNo, ms);
    this.#wheel.arm(vehicleNo, this.#deadlineOf(vehicleNo));
  }

  readonly #deadlineOf = (vehicleNo: number): number => {
    const page = this.#pages[vehicleNo >> pageShift] as StatusPage;
    const timeouts = this.#timeouts[vehicleNo >> pageShift] as Float64Array;
    const slot = vehicleNo & slotMask;
    const lastSeen = page.lastSeen[slot] as number;
    const status = page.status[slot];
    if (status === codes.online) return lastSeen + (timeouts[slot * 2] as number);
    const offlineAfter = timeouts[slot * 2 + 1] as number;
    if (status === codes.late) return lastSeen + offlineAfter;
    if (status === codes.offline && page.reason[slot] === serverDown)
      return provenSilenceMs(lastSeen, offlineAfter, this.#outages);
    return Number.POSITIVE_INFINITY;
  };

  readonly #fire = (vehicleNo: number, beforeMs: number): void => {
    const page = this.#pages[vehicleNo >> pageShift] as StatusPage;
    const slot = vehicleNo & slotMask;
    if (page.savedIn !== this.guard.saveNo) this.#keep(page);
    for (let at = this.#deadlineOf(vehicleNo); at < beforeMs; at = this.#deadlineOf(vehicleNo)) {
      const status = connectionStatuses[page.status[slot] as number] as ConnectionStatus;
      this.#move(vehicleNo, page, slot, deadlineEvents[status], at);
    }
  };

  #move(vehicleNo: number, page: StatusPage, slot: number, event: StatusEvent, at: number): void {
    const before = {
      status: connectionStatuses[page.status[slot] as number] as ConnectionStatus,
      reason: statusReasons[page.reason[slot] as number] as StatusReason,
      remembered: statusReasons[page.remembered[slot] as number] as StatusReason,
    };
    const after = decideStatus(before, event, {
      isServerSuspect: this.#isServerSuspect(vehicleNo, page, slot, at, event),
      isBatteryLow: this.#context.isBatteryLow(vehicleNo, page.lastSeen[slot] as number),
    });
    page.remembered[slot] = statusReasons.indexOf(after.remembered);
    if (after.status === before.status && after.reason === before.reason) return;
    const since = Math.max(at, page.since[slot] as number);
    page.status[slot] = connectionStatuses.indexOf(after.status);
    page.reason[slot] = statusReasons.indexOf(after.reason);
    // Only the reason became known: the vehicle has had the status for longer.
    if (after.status !== before.status) page.since[slot] = since;
    this.#context.changed({ vehicleNo, at: since, from: before.status, to: after.status, reason: after.reason });
  }

  #isServerSuspect(vehicleNo: number, page: StatusPage, slot: number, at: number, event: StatusEvent): boolean {
    if (this.#outages.length === 0 || event === 'proofDue') return false;
    const timeouts = this.#timeouts[vehicleNo >> pageShift] as Float64Array;
    const timeout = timeouts[event === 'lateDue' ? slot * 2 : slot * 2 + 1] as number;
    return provenSilenceMs(page.lastSeen[slot] as number, timeout, this.#outages) > at;
  }

  #refreshTimeouts(vehicleNo: number, page: StatusPage, slot: number): void {
    const timeouts = this.#timeouts[vehicleNo >> pageShift] as Float64Array;
    const { lateAfterMs, offlineAfterMs } = this.#context.timeoutsOf(vehicleNo, page.devices[slot] as number);
    const offlineAfter = Math.max(lateAfterMs, offlineAfterMs);
    if (timeouts[slot * 2] === lateAfterMs && timeouts[slot * 2 + 1] === offlineAfter) return;
    timeouts[slot * 2] = lateAfterMs;
    timeouts[slot * 2 + 1] = offlineAfter;
    if (page.status[slot] !== codes.neverSeen) this.#wheel.arm(vehicleNo, this.#deadlineOf(vehicleNo));
  }

  #keep(page: StatusPage): void {
    if (this.guard.isActive) this.guard.keep(page, statusPageOver(page.buffer.slice(0), page.savedIn));
    else page.savedIn = this.guard.saveNo;
  }

  #addPage(index: number): StatusPage {
    const page = statusPageOver(pageMemory(statusPageBytes), this.guard.saveNo);
    this.#install(index, page);
    return page;
  }

  #install(index: number, page: StatusPage): void {
    while (this.#pages.length < index) {
      this.#pages.push(undefined);
      this.#timeouts.push(undefined);
    }
    page.savedIn = this.guard.saveNo;
    this.#pages[index] = page;
    this.#timeouts[index] = new Float64Array(vehiclesPerPage * 2);
  }
}
