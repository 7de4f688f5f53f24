import type { ConsentGroup } from '@milepost/contract';
import type { VehicleMessage } from '@milepost/contract/stream';
import type { ReadScope } from '../../events/index.ts';
import type { LatestValue } from '../../live/index.ts';
import { toIsoOrNull } from '../times.ts';
import { isPrivateNow, latestView, type ViewContext } from '../views/vehicle-view.ts';
import type { StreamReads } from './stream-reads.ts';
import { encodeMessage, type Viewer } from './viewer.ts';

interface WatchContext extends ViewContext {
  readonly reads: StreamReads | undefined;
}

/** One vehicle that viewers of one audience watch in detail. */
interface Watch {
  readonly vehicleNo: number;
  readonly id: string;
  readonly scope: ReadScope;
  readonly viewers: Set<Viewer>;
  /** Of the scope, when the viewers were told last. */
  scopeVersion: number;
  /** What the viewers know, by signal. */
  sent: Map<number, LatestValue>;
  /** The scope does not show the vehicle now, and the viewers have been told so. */
  isHidden: boolean;
}

/** The same for one that is not there: nobody learns more of it. */
export const notShown = (id: string): Buffer =>
  encodeMessage({ type: 'problem', code: 'not_found', detail: `there is no vehicle ${JSON.stringify(id)}` });

const isSame = (a: LatestValue | undefined, b: LatestValue): boolean =>
  a !== undefined && a.stored === b.stored && a.time === b.time && a.receivedAt === b.receivedAt && a.deviceNo === b.deviceNo;

/** Watched vehicles. A change is noted when it comes and sent, once for all viewers of an audience, when `flush` is called. */
export class VehicleWatches {
  readonly #context: WatchContext;
  readonly #byVehicle = new Map<number, Map<string, Watch>>();
  readonly #changed = new Set<number>();

  constructor(context: WatchContext) {
    this.#context = context;
  }

  /** Cheap, because it is called for every record. */
  noteChange(vehicleNo: number): void {
    if (this.#byVehicle.has(vehicleNo)) this.#changed.add(vehicleNo);
  }

  /** One that is not shown now is watched, too: it may be in a moment. */
  add(viewer: Viewer, vehicleNo: number, id: string): void {
    const audiences = this.#byVehicle.get(vehicleNo) ?? new Map<string, Watch>();
    this.#byVehicle.set(vehicleNo, audiences);
    const { audience } = viewer.scope;
    const watch = audiences.get(audience) ?? {
      vehicleNo,
      id,
      scope: viewer.scope,
      viewers: new Set<Viewer>(),
      scopeVersion: viewer.scope.version(),
      sent: new Map<number, LatestValue>(),
      isHidden: !viewer.scope.allowsVehicle(vehicleNo),
    };
    audiences.set(audience, watch);
    viewer.watched.add(vehicleNo);
    // The others are brought up to date first, so that one memory of what was sent is true for all.
    this.#sendChanges(watch);
    watch.viewers.add(viewer);
    if (watch.isHidden) {
      viewer.send(notShown(id), false);
      return;
    }
    const values = this.#context.live.latest(watch.scope, vehicleNo);
    watch.sent = new Map(values.map((value) => [value.signalNumber, value]));
    if (this.#isNoted(viewer, watch, values, values)) viewer.send(this.#encode(watch, values, true), false);
  }

  /** What is somebody else's is counted before it is sent; of whom it cannot be is ended, and gets nothing. */
  #isNoted(viewer: Viewer, { vehicleNo }: Watch, told: readonly LatestValue[], seen: readonly LatestValue[]): boolean {
    const { reads, vocabulary } = this.#context;
    if (!reads || told.length === 0) return true;
    const known = vocabulary();
    const groupsOf = (values: readonly LatestValue[]): ConsentGroup[] => [
      ...new Set(values.flatMap(({ signalNumber }) => known.byNumber(signalNumber)?.group ?? [])),
    ];
    return reads.note(viewer, vehicleNo, groupsOf(told), groupsOf(seen));
  }

  remove(viewer: Viewer, vehicleNo: number): void {
    viewer.watched.delete(vehicleNo);
    const audiences = this.#byVehicle.get(vehicleNo);
    const watch = audiences?.get(viewer.scope.audience);
    if (!audiences || !watch) return;
    watch.viewers.delete(viewer);
    if (watch.viewers.size === 0) audiences.delete(viewer.scope.audience);
    if (audiences.size === 0) this.#byVehicle.delete(vehicleNo);
  }

  /** Sends what changed since the last call. */
  flush(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const vehicleNo of changed) for (const watch of this.#byVehicle.get(vehicleNo)?.values() ?? []) this.#sendChanges(watch);
    for (const audiences of this.#byVehicle.values())
      for (const watch of audiences.values()) if (watch.scope.version() !== watch.scopeVersion) this.#lookAgain(watch);
  }

  /** The scope may show something else of the vehicle now. */
  #lookAgain(watch: Watch): void {
    const changed = watch.scope.changedSince(watch.scopeVersion);
    watch.scopeVersion = watch.scope.version();
    if (!changed || changed.includes(watch.vehicleNo)) this.#sendChanges(watch);
  }

  #sendChanges(watch: Watch): void {
    if (watch.viewers.size === 0) return;
    if (!watch.scope.allowsVehicle(watch.vehicleNo)) {
      this.#hide(watch);
      return;
    }
    const values = this.#context.live.latest(watch.scope, watch.vehicleNo);
    const isBack = watch.isHidden;
    watch.isHidden = false;
    const news = values.filter((value) => !isSame(watch.sent.get(value.signalNumber), value));
    for (const value of news) watch.sent.set(value.signalNumber, value);
    // One that is no longer shown goes with a message that holds all that is.
    const isComplete = isBack || watch.sent.size > values.length;
    if (isComplete) watch.sent = new Map(values.map((value) => [value.signalNumber, value]));
    // Without a new value it was a heartbeat: only the time it was last seen is new.
    const told = isComplete ? values : news;
    const bytes = this.#encode(watch, told, isComplete);
    for (const viewer of watch.viewers) if (this.#isNoted(viewer, watch, told, values)) viewer.send(bytes, false);
  }

  /**
   * Nothing is told while the scope does not show the vehicle: it was handed over, or for some milliseconds it is not known what is
   * granted. The watch stays, and goes on with everything when the vehicle is shown again.
   */
  #hide(watch: Watch): void {
    if (watch.isHidden) return;
    watch.isHidden = true;
    watch.sent.clear();
    const bytes = notShown(watch.id);
    for (const viewer of watch.viewers) viewer.send(bytes, false);
  }

  #encode(watch: Watch, values: readonly LatestValue[], isComplete: boolean): Buffer {
    const { lastSeen } = this.#context.live.status(watch.scope, watch.vehicleNo);
    const isGuest = watch.scope.isGuest?.(watch.vehicleNo) === true;
    const message: VehicleMessage = {
      type: 'vehicle',
      id: watch.id,
      isComplete,
      lastSeen: toIsoOrNull(lastSeen),
      isPrivate: !isGuest && isPrivateNow(this.#context.drivers, watch.vehicleNo),
      latest: latestView(this.#context, values, isGuest),
    };
    return encodeMessage(message);
  }
}
