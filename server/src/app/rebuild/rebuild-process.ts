import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { NewRebuild } from '@milepost/contract/api';
import { CallerError, type Clock, type Logger } from '../../kernel/index.ts';
import type { RebuildHold } from './rebuild-hold.ts';
import { beginningState, type RebuildState } from './rebuild-state.ts';

export interface RebuildProcessOptions {
  readonly hold: Pick<RebuildHold, 'status' | 'checkFree' | 'cancel'>;
  /** The data folder. */
  readonly root: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The program that rebuilds; `rebuild-main.ts` unless a test has another. */
  readonly program?: string;
}

const rebuildMain = fileURLToPath(new URL('../rebuild-main.ts', import.meta.url));
/** Kept of what the program says that goes wrong: the end of it. */
const complaintCharactersMax = 4096;

/** A rebuild that was asked for here, as long as its process is there. */
interface Child {
  readonly process: ChildProcess;
  readonly state: RebuildState;
  isCancelling: boolean;
}

/** Runs `npm run rebuild` for who asks for it over the API: the same program, by the same rules. */
export class RebuildProcess {
  readonly #options: RebuildProcessOptions;
  #child: Child | undefined;
  /** The last one, when it ended before it had begun. */
  #neverBegan: RebuildState | undefined;
  #lastPid = 0;

  constructor(options: RebuildProcessOptions) {
    this.#options = options;
  }

  /** Whether it succeeds is seen in the state. Throws `in_use` while another rebuild or a backup goes on. */
  start({ model, swap = 'when-equal' }: NewRebuild): RebuildState {
    const { hold, root, clock, logger, program = rebuildMain } = this.#options;
    if (this.#child) throw new CallerError('in_use', 'another rebuild is under way');
    hold.checkFree();
    const builder = spawn(process.execPath, [program, model, '--data', root, `--swap=${swap}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    logger.info('a rebuild was asked for', { model, swap });
    this.#lastPid = builder.pid ?? 0;
    const state = beginningState(model, this.#lastPid, clock.now());
    this.#child = { process: builder, state, isCancelling: false };
    this.#watch(this.#child);
    return state;
  }

  #watch(child: Child): void {
    let complaint = '';
    const { stderr } = child.process;
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-complaintCharactersMax);
    });
    const ended = (problem: string): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.#isBegun(child)) return;
      const outcome = child.isCancelling ? ('cancelled' as const) : ('failed' as const);
      const detail = child.isCancelling ? undefined : problem;
      this.#neverBegan = { ...child.state, endedAtMs: this.#options.clock.now(), outcome, detail };
      this.#options.logger.warn('a rebuild has ended before it began', { outcome, detail: problem });
    };
    child.process.once('error', (error) => ended(error.message));
    child.process.once('close', () => ended(complaint.trim()));
  }

  #isBegun({ state }: Child): boolean {
    return this.#options.hold.status().state?.pid === state.pid;
  }

  /** The rebuild that goes on, or the last one, whoever began it. Undefined: there was none since the start. */
  state(): (RebuildState & { readonly isByCommand: boolean }) | undefined {
    const known = this.#options.hold.status().state;
    const child = this.#child;
    const isStarting = child !== undefined && known?.pid !== child.state.pid;
    const own = isStarting ? { ...child.state, isCancelling: child.isCancelling } : this.#neverBegan;
    const state = own && own.startedAtMs >= (known?.startedAtMs ?? 0) ? own : known;
    return state && { ...state, isByCommand: state.pid !== this.#lastPid };
  }

  /** Throws where there is none, or where it cannot be taken back any more. */
  cancel(): void {
    const child = this.#child;
    if (child === undefined || this.#isBegun(child)) this.#options.hold.cancel();
    if (child === undefined) return;
    child.isCancelling = true;
    child.process.kill('SIGTERM');
  }

  /** Nobody waits for the result any more. */
  async close(): Promise<void> {
    const builder = this.#child?.process;
    if (builder === undefined || builder.exitCode !== null || builder.signalCode !== null) return;
    const gone = once(builder, 'close');
    builder.kill('SIGKILL');
    await gone;
  }
}
