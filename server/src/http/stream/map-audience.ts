import type { RosterMessage } from '@milepost/contract/stream';
import type { ReadScope } from '../../events/index.ts';
import type { Live, MapDelivery, MapSource } from '../../live/index.ts';
import type { Directory } from '../../registry/index.ts';
import { groupsOfRow } from '../access/list-reads.ts';
import { browserStreamLimits } from './limits.ts';
import type { StreamReads } from './stream-reads.ts';
import { encodeMessage, type Viewer } from './viewer.ts';

interface Known {
  readonly handle: number;
  readonly vehicleNo: number;
}

const rosterMessages = (directory: Directory, known: readonly Known[], isComplete: boolean): readonly Buffer[] => {
  const messages: Buffer[] = [];
  const size = browserStreamLimits.rosterVehiclesPerMessage;
  for (let from = 0; from < Math.max(1, known.length); from += size) {
    const vehicles: RosterMessage['vehicles'] = [];
    for (const { handle, vehicleNo } of known.slice(from, from + size)) {
      const vehicle = directory.vehicleByNo(vehicleNo);
      if (vehicle) vehicles.push([handle, vehicle.id]);
    }
    const message: RosterMessage = { type: 'roster', isComplete: isComplete && from === 0, vehicles };
    messages.push(encodeMessage(message));
  }
  return messages;
};

export interface MapAudienceParts {
  readonly live: Live;
  readonly directory: Directory;
  /** Left out: nobody reads what is somebody else's. */
  readonly reads: StreamReads | undefined;
}

/**
 * The viewers of a map that see the same: each second one frame is encoded for all that are in step. Who comes new or fell behind gets a full
 * frame, encoded at most once a tick.
 */
export class MapAudience {
  readonly #live: Live;
  readonly #directory: Directory;
  readonly #scope: ReadScope;
  #scopeVersion: number;
  #source: MapSource;
  /** Viewer → tick of the last frame it was sent; undefined: none, or it fell behind. */
  readonly #viewers = new Map<Viewer, number | undefined>();
  #full: { readonly delivery: MapDelivery; readonly bytes: Buffer } | undefined;
  #rosterCount = 0;
  #fullRoster: { readonly count: number; readonly messages: readonly Buffer[] } | undefined;

  readonly #reads: StreamReads | undefined;
  readonly #isCounted: ((vehicleNo: number) => boolean) | undefined;

  /** `first`: the viewer for whom it is made; all others see the same. */
  constructor({ live, directory, reads }: MapAudienceParts, first: Viewer) {
    const { scope } = first;
    this.#live = live;
    this.#directory = directory;
    this.#scope = scope;
    this.#scopeVersion = scope.version();
    this.#reads = reads;
    this.#isCounted = reads?.countedOf(first.reader, scope);
    this.#source = live.mapSource(scope, this.#isCounted);
  }

  get isEmpty(): boolean {
    return this.#viewers.size === 0;
  }

  /** The whole state at once; what changes follows each second. */
  add(viewer: Viewer): void {
    if (this.#viewers.has(viewer)) return;
    this.#viewers.set(viewer, undefined);
    // Encoded first: it gives handles to vehicles that had none, which the roster then names.
    const full = this.#fullFrame();
    for (const message of this.#wholeRoster()) viewer.send(message, false);
    this.#sendFull(viewer, full);
  }

  remove(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  /** Sends what a tick changed; `tick` was closed just now. */
  tick(tick: number): void {
    this.#full = undefined;
    const changed = this.#scopeChanges();
    if (!changed) {
      this.#startAnew();
      return;
    }
    const inStep: Viewer[] = [];
    const behind: Viewer[] = [];
    for (const [viewer, last] of this.#viewers) {
      if (viewer.isBehind) this.#viewers.set(viewer, undefined);
      else if (last === tick - 1) inStep.push(viewer);
      else behind.push(viewer);
    }
    if (inStep.length > 0) this.#sendDelta(inStep, tick, changed);
    for (const viewer of behind) this.#sendFull(viewer, this.#fullFrame());
  }

  /** Vehicles that the scope shows otherwise since it was asked last; undefined: too many to tell. */
  #scopeChanges(): readonly number[] | undefined {
    const version = this.#scope.version();
    if (version === this.#scopeVersion) return [];
    const changed = this.#scope.changedSince(this.#scopeVersion);
    this.#scopeVersion = version;
    return changed;
  }

  #sendDelta(viewers: readonly Viewer[], tick: number, changed: readonly number[]): void {
    const delivery = this.#source.delta(tick - 1, changed);
    this.#introduce(delivery);
    const bytes = Buffer.from(delivery.frame.buffer);
    for (const viewer of viewers) {
      if (!this.#isNoted(viewer, delivery)) continue;
      viewer.send(bytes, true);
      this.#viewers.set(viewer, delivery.tick);
    }
  }

  /** What is somebody else's is counted before it is sent; of whom it cannot be is ended, and gets nothing. */
  #isNoted(viewer: Viewer, { told }: MapDelivery): boolean {
    return told.every((one) => this.#reads?.noteMap(viewer, one.vehicleNo, groupsOfRow(one)) ?? true);
  }

  #sendFull(viewer: Viewer, full: { readonly delivery: MapDelivery; readonly bytes: Buffer }): void {
    if (!this.#isNoted(viewer, full.delivery)) return;
    viewer.send(full.bytes, true);
    this.#viewers.set(viewer, full.delivery.tick);
  }

  #fullFrame(): { readonly delivery: MapDelivery; readonly bytes: Buffer } {
    if (this.#full) return this.#full;
    const delivery = this.#source.full();
    this.#introduce(delivery);
    this.#full = { delivery, bytes: Buffer.from(delivery.frame.buffer) };
    return this.#full;
  }

  /** Vehicles that got their handle just now are named to everybody before the frame that shows them. */
  #introduce({ introduced }: MapDelivery): void {
    if (introduced.length === 0) return;
    this.#rosterCount += introduced.length;
    const messages = rosterMessages(this.#directory, introduced, false);
    for (const viewer of this.#viewers.keys()) for (const message of messages) viewer.send(message, false);
  }

  #wholeRoster(): readonly Buffer[] {
    if (this.#fullRoster?.count === this.#rosterCount) return this.#fullRoster.messages;
    const known: Known[] = [];
    for (let handle = 1; handle <= this.#rosterCount; handle++) {
      const vehicleNo = this.#source.vehicleNoOf(handle);
      if (vehicleNo !== undefined) known.push({ handle, vehicleNo });
    }
    this.#fullRoster = { count: this.#rosterCount, messages: rosterMessages(this.#directory, known, true) };
    return this.#fullRoster.messages;
  }

  /** What the scope allows has changed: handles of before mean nothing any more. */
  #startAnew(): void {
    this.#source = this.#live.mapSource(this.#scope, this.#isCounted);
    this.#rosterCount = 0;
    this.#fullRoster = undefined;
    const viewers = [...this.#viewers.keys()];
    this.#viewers.clear();
    for (const viewer of viewers) this.add(viewer);
  }
}
