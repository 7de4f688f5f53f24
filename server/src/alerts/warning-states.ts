import type { WarningCode, WarningSeverity } from '@milepost/contract';
import { decideWarning, evolveWarning, type WarningEvent, type WarningState } from './decide-warnings.ts';
import { warningLimits } from './limits.ts';
import type { WrittenChange } from './store.ts';
import type { SeenWarning, WarningRecord, WarningSource } from './types.ts';

interface Known {
  readonly state: WarningState;
  readonly severity: WarningSeverity;
}

/** What happens to one code of one vehicle: counts when its changes are written. */
export interface Decided {
  readonly vehicleNo: number;
  readonly code: WarningCode;
  readonly next: Known;
  /** Empty: nothing of it is stored. */
  readonly changes: readonly WrittenChange[];
}

const none: WarningState = { phase: 'none' };

const stateOf = ({ raisedMs, endedMs, detail }: WarningRecord): WarningState =>
  endedMs === null
    ? { phase: 'active', raisedAtMs: raisedMs, detail }
    : { phase: 'ended', raisedAtMs: raisedMs, detail, sinceMs: endedMs };

type StoredEvent = Exclude<WarningEvent, { type: 'clearing' | 'steadied' }>;
const isStored = (event: WarningEvent): event is StoredEvent => event.type !== 'clearing' && event.type !== 'steadied';

/** What was written, or ended a short while ago, of each vehicle and code, and what the latest values make of it. */
export class WarningStates {
  readonly #byVehicle = new Map<number, Map<WarningCode, Known>>();
  /** Vehicles with a warning that is about to end: until it has, time alone decides. */
  readonly #clearing = new Set<number>();

  /** Rows in the order in which they were raised. */
  remember(record: WarningRecord): void {
    const codes = this.#codesOf(record.vehicleNo);
    if (codes.get(record.code)?.state.phase === 'active') return;
    codes.set(record.code, { state: stateOf(record), severity: record.severity });
  }

  forget(vehicleNo: number): void {
    this.#byVehicle.delete(vehicleNo);
    this.#clearing.delete(vehicleNo);
  }

  clearing(): Iterable<number> {
    return this.#clearing;
  }

  vehicles(): Iterable<number> {
    return this.#byVehicle.keys();
  }

  /** What the latest values change of a vehicle's warnings. Changes nothing here. */
  look(vehicleNo: number, source: WarningSource, nowMs: number): Decided[] {
    const active = new Map(source.active(vehicleNo).map((warning) => [warning.code, warning]));
    const known = this.#byVehicle.get(vehicleNo);
    const codes = new Set([...active.keys(), ...(known?.keys() ?? [])]);
    const decided: Decided[] = [];
    for (const code of codes) {
      const before = known?.get(code);
      const seen = active.get(code);
      const atMs = seen?.timeMs ?? source.lookedAt(vehicleNo, code) ?? nowMs;
      const events = decideWarning(before?.state ?? none, { detail: seen?.detail, atMs, nowMs });
      if (events.length > 0) decided.push(this.#decidedOf(vehicleNo, code, before, seen, events, nowMs));
    }
    return decided;
  }

  keep({ vehicleNo, code, next }: Decided): void {
    const codes = this.#codesOf(vehicleNo).set(code, next);
    const isClearing = [...codes.values()].some(({ state }) => state.phase === 'clearing');
    if (isClearing) this.#clearing.add(vehicleNo);
    else this.#clearing.delete(vehicleNo);
  }

  /** Forgets what ended too long ago to return. */
  prune(nowMs: number): void {
    for (const [vehicleNo, codes] of this.#byVehicle) {
      for (const [code, { state }] of codes)
        if (state.phase === 'ended' && nowMs - state.sinceMs >= warningLimits.returnWithinMs) codes.delete(code);
      if (codes.size === 0) this.#byVehicle.delete(vehicleNo);
    }
  }

  #decidedOf(
    vehicleNo: number,
    code: WarningCode,
    before: Known | undefined,
    seen: SeenWarning | undefined,
    events: readonly WarningEvent[],
    nowMs: number,
  ): Decided {
    const severity = seen?.severity ?? before?.severity ?? 'warning';
    let state = before?.state ?? none;
    const changes: WrittenChange[] = [];
    for (const event of events) {
      state = evolveWarning(state, event);
      if (!isStored(event) || state.phase === 'none') continue;
      changes.push({
        change: event.type,
        vehicleNo,
        code,
        severity,
        raisedMs: state.raisedAtMs,
        endedMs: event.type === 'ended' ? event.atMs : null,
        rangMs: 'rings' in event && event.rings ? nowMs : null,
        detail: state.detail,
      });
    }
    return { vehicleNo, code, next: { state, severity }, changes };
  }

  #codesOf(vehicleNo: number): Map<WarningCode, Known> {
    const codes = this.#byVehicle.get(vehicleNo) ?? new Map<WarningCode, Known>();
    this.#byVehicle.set(vehicleNo, codes);
    return codes;
  }
}
