import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Milepost } from '../../support/start-milepost.ts';
import type { FloodReport, FloodTask } from './flood-process.ts';
import type { Enrolled } from './make-fleet.ts';

/** A device that sends as fast as its socket takes it, in a process of its own so that it slows nobody here. */
export class Flood {
  readonly #child: ChildProcess;
  #stopped: Promise<FloodReport> | undefined;
  /** It is connected and sends. */
  readonly begun: Promise<unknown>;

  constructor({ origin }: Milepost, { imei, secret }: Enrolled) {
    this.#child = fork(path.resolve(import.meta.dirname, 'flood-process.ts'));
    this.begun = once(this.#child, 'message');
    this.#child.send({ origin, imei, secret } satisfies FloodTask);
  }

  /** Ends it; answers what became of it. */
  stop(): Promise<FloodReport> {
    this.#stopped ??= (async () => {
      const told = once(this.#child, 'message');
      this.#child.send('stop');
      const [report] = (await told) as [FloodReport];
      this.#child.disconnect();
      return report;
    })();
    return this.#stopped;
  }
}
