import type { ReadScope, RecordBatch } from '../events/index.ts';
import type { FleetMoment, FleetQuery } from './fleet/types.ts';
import type { HidingRules } from './hidden-values.ts';
import { nothingHidden } from './hidden-values.ts';
import type { StatusChange, StatusQuery } from './ports.ts';
import type { History, HistoryQuery, HistoryResult, HistoryStatistics } from './types.ts';

/**
 * A history in whose place another can be put while it is used: whoever holds it needs to know nothing. What was asked before the switch is
 * answered by the old one, everything after by the new one; nothing by both.
 */
export class SwitchableHistory implements History {
  #current: History;
  #rules: HidingRules = nothingHidden;
  readonly #sealListeners: (() => void)[] = [];

  constructor(first: History) {
    this.#current = first;
    this.#listen(first);
  }

  get current(): History {
    return this.#current;
  }

  /** The rules that were set last: what another one needs before it is read. */
  get rules(): HidingRules {
    return this.#rules;
  }

  /**
   * The caller has let `next` follow the log to where this one stands, with the same rules; it answers what it replaced, which the caller
   * closes. Synchronous: no record and no query falls between.
   */
  switchTo(next: History): History {
    const old = this.#current;
    this.#current = next;
    this.#listen(next);
    return old;
  }

  #listen(history: History): void {
    history.onSeal(() => {
      if (this.#current === history) for (const listener of this.#sealListeners) listener();
    });
  }

  apply(batch: RecordBatch): void {
    this.#current.apply(batch);
  }
  ready(): Promise<void> | undefined {
    return this.#current.ready();
  }
  applyStatus(changes: readonly StatusChange[]): void {
    this.#current.applyStatus(changes);
  }
  query(scope: ReadScope, query: HistoryQuery): Promise<HistoryResult> {
    return this.#current.query(scope, query);
  }
  fleetAt(scope: ReadScope, query: FleetQuery): Promise<FleetMoment> {
    return this.#current.fleetAt(scope, query);
  }
  makeKeyframes(): Promise<void> {
    return this.#current.makeKeyframes();
  }
  status(scope: ReadScope, query: StatusQuery): Promise<readonly StatusChange[]> {
    return this.#current.status(scope, query);
  }
  findRecent(vehicleNo: number, deviceNo: number, signalNumber: number, timeMs: number): number | string | undefined {
    return this.#current.findRecent(vehicleNo, deviceNo, signalNumber, timeMs);
  }
  appliedOffset(partition: number): number | undefined {
    return this.#current.appliedOffset(partition);
  }
  onSeal(callback: () => void): void {
    this.#sealListeners.push(callback);
  }
  dropBefore(ms: number): Promise<void> {
    return this.#current.dropBefore(ms);
  }
  setHiding(rules: HidingRules): Promise<void> {
    this.#rules = rules;
    return this.#current.setHiding(rules);
  }
  merge(): Promise<void> {
    return this.#current.merge();
  }
  holdMerging(): Promise<() => void> {
    return this.#current.holdMerging();
  }
  flush(): Promise<void> {
    return this.#current.flush();
  }
  statistics(): HistoryStatistics {
    return this.#current.statistics();
  }
  close(): Promise<void> {
    return this.#current.close();
  }
}
