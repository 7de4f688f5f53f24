import { wellKnown } from '@milepost/contract';
import { MapFrameWriter } from '@milepost/contract/stream';
import { HandleTable } from './handle-table.ts';
import type { ScopeView } from './scope-view.ts';
import type { MapDelivery, MapSource, MapTold } from './types.ts';

/** What a frame reads of the live state. */
export interface MapState {
  readonly closedTick: () => number;
  readonly now: () => number;
  /** Vehicles of which a map may show something, ascending. */
  changedSince(tick: number): readonly number[];
  statusCode(view: ScopeView, vehicleNo: number): number;
  severity(view: ScopeView, vehicleNo: number): number;
  isEnded(vehicleNo: number): boolean;
}

/** Signals whose change a map shows. */
export const mapSignals = [wellKnown.latitude, wellKnown.longitude, wellKnown.heading, wellKnown.speed, wellKnown.energyPercent];

/** Of a scope made of grants: that a vehicle is in a frame without anything new would tell when it reported. */
class News {
  readonly #view: ScopeView;
  readonly #state: MapState;
  /** By vehicle: what its viewers were told last. */
  readonly #told = new Map<number, string>();

  constructor(view: ScopeView, state: MapState) {
    this.#view = view;
    this.#state = state;
  }

  /** `nothing`: it is told nothing that a map shows, so that it is not even said that there is such a vehicle. */
  of(vehicleNo: number): 'news' | 'same' | 'nothing' {
    const view = this.#view;
    const position = view.position(vehicleNo);
    const values = [wellKnown.heading, wellKnown.speed, wellKnown.energyPercent].map((signal) =>
      view.unitValue(vehicleNo, signal),
    );
    const states = [this.#state.statusCode(view, vehicleNo), this.#state.severity(view, vehicleNo)];
    const text = String([position?.latitude, position?.longitude, ...values, ...states]);
    const isSame = this.#told.get(vehicleNo) === text;
    this.#told.set(vehicleNo, text);
    if (!position && values.every((value) => value === null) && states.every((state) => state === 0)) return 'nothing';
    return isSame ? 'same' : 'news';
  }

  forget(vehicleNo: number): void {
    this.#told.delete(vehicleNo);
  }
}

/** Those that got their handle when so many had one. */
const introducedIn = (handles: HandleTable, known: number): MapDelivery['introduced'] =>
  Array.from({ length: handles.size - known }, (_, i) => ({
    handle: known + i + 1,
    vehicleNo: handles.vehicleNoOf(known + i + 1) as number,
  }));

const nowhere = { latitude: Number.NaN, longitude: Number.NaN };

/** Encodes what one audience's map shows. Stateful: it remembers which vehicles its viewers know. */
export const makeMapSource = (view: ScopeView, state: MapState, isCounted?: (vehicleNo: number) => boolean): MapSource => {
  const handles = new HandleTable();
  /** By handle: the viewers have the vehicle on their map. */
  const shown: boolean[] = [];
  const writer = new MapFrameWriter();

  const news = new News(view, state);
  let counted: MapTold[] = [];

  const add = (vehicleNo: number): void => {
    const handle = handles.handleOf(vehicleNo);
    shown[handle] = true;
    const position = view.position(vehicleNo) ?? null;
    const speedKmh = view.unitValue(vehicleNo, wellKnown.speed);
    const energyPercent = view.unitValue(vehicleNo, wellKnown.energyPercent);
    if (isCounted?.(vehicleNo)) counted.push({ vehicleNo, position, speedKmh, energyPercent });
    const { latitude, longitude } = position ?? nowhere;
    writer.add(
      handle,
      latitude,
      longitude,
      view.unitValue(vehicleNo, wellKnown.heading),
      speedKmh,
      energyPercent,
      state.statusCode(view, vehicleNo),
      state.severity(view, vehicleNo),
    );
  };

  const remove = (vehicleNo: number): void => {
    const handle = handles.knownHandleOf(vehicleNo);
    if (handle === undefined || !shown[handle]) return;
    shown[handle] = false;
    news.forget(vehicleNo);
    writer.remove(handle);
  };

  /** Those that changed, and of the others those that this audience sees otherwise now. */
  const wanted = (sinceTick: number, also: readonly number[]): readonly number[] => {
    // What is told at the end of a period is news then, not when it was reported.
    const changed = state.changedSince(view.scope.items ? 0 : sinceTick);
    if (also.length === 0) return changed;
    const isSeen = new Set(state.changedSince(0));
    return [...new Set([...changed, ...also.filter((vehicleNo) => isSeen.has(vehicleNo))])];
  };

  const deliver = (sinceTick: number | undefined, also: readonly number[] = []): MapDelivery => {
    view.begin();
    counted = [];
    const tick = state.closedTick();
    const known = handles.size;
    writer.begin(tick, state.now(), sinceTick);
    for (const vehicleNo of wanted(sinceTick ?? 0, also)) {
      const isVisible = view.scope.seesNow(vehicleNo) && !state.isEnded(vehicleNo);
      const told = isVisible && view.scope.items ? news.of(vehicleNo) : 'news';
      if (isVisible && (told === 'news' || (told === 'same' && sinceTick === undefined))) add(vehicleNo);
      else if (sinceTick !== undefined && told !== 'same') remove(vehicleNo);
    }
    return { tick, count: writer.count, frame: writer.finish(), introduced: introducedIn(handles, known), told: counted };
  };

  return {
    full: () => deliver(undefined),
    delta: (sinceTick, also) => deliver(sinceTick, also),
    vehicleNoOf: (handle) => handles.vehicleNoOf(handle),
    handleOf: (vehicleNo) => handles.handleOf(vehicleNo),
  };
};
