import { OperationalError } from '../../kernel/index.ts';
import type { ThreadClient } from '../thread-client.ts';
import type { RulesRequest } from '../thread-messages.ts';
import type { DueRequest, FleetPart, FleetRequest, MakeRequest } from './fleet-worker.ts';
import { fleetQueriesMax, fleetThreads, vehiclesPerThreadMin } from './limits.ts';

/** Threads that work out fleet states, started when the first is asked for. The first of them makes the keyframes. */
export class FleetThreads {
  readonly #start: () => ThreadClient;
  readonly #threads: (Promise<ThreadClient> | undefined)[] = [];
  #rules: RulesRequest | undefined;
  #queries = 0;
  #isClosed = false;

  constructor(start: () => ThreadClient) {
    this.#start = start;
  }

  get queries(): number {
    return this.#queries;
  }

  #thread(index: number): Promise<ThreadClient> {
    if (this.#isClosed) throw new OperationalError('unavailable', 'history is closed');
    this.#threads[index] ??= this.#open();
    return this.#threads[index];
  }

  async #open(): Promise<ThreadClient> {
    const thread = this.#start();
    await thread.ask('open', undefined);
    if (this.#rules) await thread.ask('setRules', this.#rules);
    return thread;
  }

  async setRules(rules: RulesRequest): Promise<void> {
    this.#rules = rules;
    await this.#each((thread) => thread.ask('setRules', rules));
  }

  /** They let go of files that are about to be removed. */
  async dropBefore(ms: number): Promise<void> {
    await this.#each((thread) => thread.ask('dropBefore', ms));
  }

  async started(): Promise<readonly ThreadClient[]> {
    return Promise.all(this.#threads.filter((thread) => thread !== undefined));
  }

  async #each(ask: (thread: ThreadClient) => Promise<unknown>): Promise<void> {
    await Promise.all(this.#threads.map(async (thread) => thread && ask(await thread)));
  }

  async at(request: FleetRequest): Promise<FleetPart[]> {
    if (this.#queries >= fleetQueriesMax)
      throw new OperationalError('overloaded', `${fleetQueriesMax} states of the fleet are asked for already`, {
        retryAfterSeconds: 1,
      });
    this.#queries++;
    try {
      const { vehicleNos } = request;
      const shares = Math.max(1, Math.min(fleetThreads, Math.floor(vehicleNos.length / vehiclesPerThreadMin)));
      const length = Math.ceil(vehicleNos.length / shares);
      const parts = Array.from({ length: shares }, async (_, i) => {
        const thread = await this.#thread(i);
        return thread.ask('fleetAt', { ...request, vehicleNos: vehicleNos.slice(i * length, (i + 1) * length) });
      });
      // Also when one fails: what they read stays theirs until all have ended.
      await Promise.allSettled(parts);
      return (await Promise.all(parts)).flat();
    } finally {
      this.#queries--;
    }
  }

  async due(request: DueRequest): Promise<number | undefined> {
    return (await this.#thread(0)).ask('dueKeyframe', request);
  }

  async make(request: MakeRequest): Promise<number | undefined> {
    return (await this.#thread(0)).ask('makeKeyframe', request);
  }

  async sweep(nowMs: number): Promise<boolean> {
    return (await this.#thread(0)).ask('sweepKeyframes', nowMs);
  }

  async close(isAtOnce = false): Promise<void> {
    this.#isClosed = true;
    await Promise.all(
      this.#threads.map(async (thread) => {
        // One that could not be opened has said so to who asked.
        const opened = await thread?.catch(() => undefined);
        await opened?.close(isAtOnce);
      }),
    );
  }
}
