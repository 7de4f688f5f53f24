import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { EventLog } from '../../eventlog/index.ts';
import type { StatusChange } from '../../history/index.ts';
import { CallerError, OperationalError } from '../../kernel/index.ts';
import type { ControlSession } from '../control-socket.ts';
import { type Base, historyOptionsOf, openLiveIn, type ReadModels, type Stored, timeoutsOf } from '../open-parts.ts';
import type { Projection } from '../projection.ts';
import type { ServerRecords } from '../server-records.ts';
import { openSnapshotFolder } from '../../storage/adapters/folder/index.ts';
import { isSwapping } from '../swap-folder.ts';
import { readVersion } from '../version.ts';
import { followMsMax, statusNotesMax } from './limits.ts';
import { rebuiltModel, rebuiltModels } from './models.ts';
import { pointToJson } from './point-json.ts';
import { beginningState, differencesOf, type RebuildEnd, type RebuildState } from './rebuild-state.ts';
import type { RebuildBegun } from './source.ts';
import {
  buildFolderOf,
  type Compared,
  type FollowingModel,
  type Progress,
  type RebuiltModel,
  type TakeInContext,
} from './types.ts';

export interface RebuildParts {
  readonly base: Base;
  readonly stored: Stored;
  readonly log: EventLog;
  readonly models: ReadModels;
  readonly projection: Projection;
  readonly records: ServerRecords;
  /** Something else copies what a rebuild would move. */
  readonly isBusy: () => boolean;
}

/** What is known of the rebuild that runs, or of the last one. */
export interface RebuildStatus {
  /** Undefined: none ran since the start. */
  readonly model: string | undefined;
  readonly isRunning: boolean;
  readonly progress: Progress | undefined;
  /** Of the last one that was compared. */
  readonly differences: number;
  readonly finished: number;
  readonly swapped: number;
  /** The rebuild that runs, or the last one, in full. */
  readonly state: RebuildState | undefined;
}

interface Running {
  readonly holder: object;
  readonly model: RebuiltModel;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly releaseMerging: () => void;
  progress: Progress | undefined;
  compared: readonly Compared[] | undefined;
  /** As whoever builds told it. */
  end: RebuildEnd | undefined;
  /** Somebody wants it to end; whoever builds hears it with the next answer. */
  isCancelling: boolean;
  /** Where the old model lies, once the new one is in place. */
  oldFolder: string | undefined;
  /** Where the new model stands, from the handover on. */
  offset: number | undefined;
  notes: StatusChange[];
  stopNotes: () => void;
  /** Nobody waits for it any more. */
  isCancelled: boolean;
  puttingIn: Promise<unknown> | undefined;
}

const pollMs = 5;
const partition = 0;

/**
 * What the running server does for a rebuild, which another process computes: it says where it stands, keeps what is being read (no
 * merge, nothing is removed by age), and puts the result in place. One at a time.
 */
export class RebuildHold {
  readonly #parts: RebuildParts;
  #running: Running | undefined;
  #isBeginning = false;
  #releasing: Promise<void> = Promise.resolve();
  #last = { differences: 0, finished: 0, swapped: 0 };
  #lastState: RebuildState | undefined;

  constructor(parts: RebuildParts) {
    this.#parts = parts;
  }

  get isHeld(): boolean {
    return this.#running !== undefined || this.#isBeginning;
  }

  status(): RebuildStatus {
    const running = this.#running;
    const state = running ? stateOf(running) : this.#lastState;
    return { ...this.#last, model: state?.model, isRunning: running !== undefined, progress: running?.progress, state };
  }

  /** Throws `in_use` where none can begin now. */
  checkFree(): void {
    if (this.isHeld) throw new CallerError('in_use', 'another rebuild is under way');
    if (this.#parts.isBusy()) throw new CallerError('in_use', 'a backup is being taken: try again when it is done');
  }

  /** Whoever builds ends it, and leaves nothing. Throws where there is none, or where it cannot be taken back any more. */
  cancel(): void {
    const running = this.#running;
    if (!running) throw new CallerError('not_found', 'no rebuild is under way');
    if (running.puttingIn) throw new CallerError('in_use', 'the new model is just being put in place');
    running.isCancelling = true;
  }

  openSession(): ControlSession {
    const holder = {};
    const commands: Readonly<Record<string, (body: unknown) => Promise<unknown>>> = {
      'rebuild begin': (body) => this.#begin(holder, body as BeginBody),
      'rebuild progress': async (body) => {
        const running = this.#of(holder);
        running.progress = body as Progress;
        return { isCancelled: running.isCancelling };
      },
      'rebuild compared': async (body) => {
        const { compared } = body as { compared: readonly Compared[] };
        this.#of(holder).compared = compared;
        this.#last.differences = differencesOf(compared);
      },
      'rebuild ended': async (body) => {
        this.#of(holder).end = body as RebuildEnd;
      },
      'rebuild end': async () => {
        this.#of(holder);
        return this.#parts.projection.position();
      },
      'rebuild handover': () => this.#handover(this.#of(holder)),
      'rebuild put in': () => this.#putIn(this.#of(holder)),
    };
    return {
      handle: (command, body) => {
        const run = commands[command];
        if (!run) throw new CallerError('bad_request', `there is no command ${command}`);
        return run(body);
      },
      ended: () => this.#release(holder),
    };
  }

  async #begin(holder: object, { model: name, pid }: BeginBody): Promise<RebuildBegun> {
    const { base, stored, models, log } = this.#parts;
    const model = rebuiltModel(String(name));
    if (!model)
      throw new CallerError(
        'bad_request',
        `there is no read model ${String(name)}, expected one of ${rebuiltModels.map((one) => one.name).join(', ')}`,
      );
    this.checkFree();
    this.#isBeginning = true;
    try {
      const releaseMerging = await models.history.holdMerging();
      this.#running = { ...fresh(), holder, model, pid: Number(pid), startedAtMs: base.clock.now(), releaseMerging };
      const offset = await this.#flushed();
      base.logger.info('a rebuild has begun', { model: model.name, offset });
      return {
        version: await readVersion(),
        database: stored.database,
        timeouts: timeoutsOf(base.configuration),
        diskReserveMib: base.configuration.diskReserveMib,
        point: pointToJson({
          startOffset: log.startOffset(partition),
          offset,
          nowMs: base.clock.now(),
          rules: models.history.rules,
        }),
      };
    } catch (error) {
      await this.#release(holder);
      throw error;
    } finally {
      this.#isBeginning = false;
    }
  }

  /**
   * Writes history to disk up to a moment after now: the note that the server is alive comes last, so that what the log tells up to there
   * leads to every change of status that was found until now. Answers the offset.
   */
  async #flushed(): Promise<number> {
    const { models, records } = this.#parts;
    await records.write('serverAlive');
    await models.history.flush();
    const offset = models.history.appliedOffset(partition);
    if (offset === undefined) throw new OperationalError('unavailable', 'history has stored nothing yet');
    return offset;
  }

  async #handover(running: Running): Promise<number> {
    running.stopNotes();
    running.notes = [];
    running.stopNotes = this.#parts.projection.attach({
      applyStatus: (changes) => {
        if (running.notes.length < statusNotesMax) running.notes.push(...changes);
      },
    });
    running.offset = await this.#flushed();
    return running.offset;
  }

  #putIn(running: Running): Promise<string> {
    const { offset, model } = running;
    if (offset === undefined || running.puttingIn) throw new CallerError('bad_request', 'nothing was handed over');
    if (running.notes.length >= statusNotesMax)
      throw new OperationalError('overloaded', `more than ${statusNotesMax} changes of status since the handover`);
    const done = model.takeIn(this.#contextOf(running, offset)).then((old) => {
      this.#last.swapped++;
      running.oldFolder = old;
      this.#parts.base.logger.info('a rebuilt model is in place', { model: model.name, old });
      return old;
    });
    running.puttingIn = done;
    return done;
  }

  #contextOf(running: Running, offset: number): TakeInContext {
    const { base, stored, models, projection } = this.#parts;
    return {
      models,
      root: base.folder.root,
      offset,
      historyOptions: historyOptionsOf(base, stored),
      openLive: (folder) => openLiveIn(base, stored, openSnapshotFolder(folder)),
      follow: (fromOffset, model) => this.#follow(running, fromOffset, model),
      offsetOfModels: () => projection.position(),
      when: (isReady, run) => this.#when(isReady, run),
      check: () => {
        if (running.isCancelled) throw new CallerError('bad_request', 'the rebuild was cancelled');
      },
      failed: base.failed,
      clock: base.clock,
      logger: base.logger,
    };
  }

  /** At the tail both are told of a group in the same turn, so the one that catches up meets the running ones there. */
  async #follow(running: Running, fromOffset: number, model: FollowingModel): Promise<() => void> {
    const { log, projection } = this.#parts;
    const met = Promise.withResolvers<undefined>();
    let detach: (() => void) | undefined;
    const meet = (): void => {
      if (detach || follower.position.offset < projection.position()) return;
      running.stopNotes();
      model.applyStatus?.(running.notes);
      detach = projection.attach(model);
      void follower.stop();
      met.resolve(undefined);
    };
    const follower = log.follow({
      partition,
      fromOffset,
      handle: (batch) => {
        model.apply(batch);
        meet();
        return model.ready?.();
      },
      caughtUp: meet,
      failed: (error) => met.reject(error),
    });
    const timer = setTimeout(() => met.reject(tooSlow()), followMsMax);
    try {
      await met.promise;
    } catch (error) {
      await follower.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return () => detach?.();
  }

  async #when(isReady: () => boolean, run: () => void): Promise<void> {
    const untilMs = performance.now() + followMsMax;
    while (!isReady()) {
      if (performance.now() > untilMs) throw tooSlow();
      // Between two groups of the log; nothing tells of it.
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    run();
  }

  #of(holder: object): Running {
    if (this.#running?.holder !== holder) throw new CallerError('bad_request', 'no rebuild was begun on this connection');
    return this.#running;
  }

  /** Ends what is under way; what is just being put in place is put there. */
  async close(): Promise<void> {
    if (this.#running) await this.#release(this.#running.holder);
  }

  #release(holder: object): Promise<void> {
    const running = this.#running;
    if (running?.holder === holder && !running.isCancelled) this.#releasing = this.#end(running);
    return this.#releasing;
  }

  /** What was put in place stays; anything else of it goes. */
  async #end(running: Running): Promise<void> {
    running.isCancelled = true;
    const { base } = this.#parts;
    await running.puttingIn?.catch((error: unknown) => base.logger.warn('a rebuilt model was not put in place', { error }));
    running.stopNotes();
    running.releaseMerging();
    const { root } = base.folder;
    if (!isSwapping(root)) await rm(path.join(root, buildFolderOf(running.model.folder)), { recursive: true, force: true });
    this.#last.finished++;
    this.#lastState = { ...stateOf(running), ...endOf(running), endedAtMs: base.clock.now() };
    this.#running = undefined;
    const { model, outcome, detail } = this.#lastState;
    base.logger.info('a rebuild has ended', { model, outcome, detail });
  }
}

interface BeginBody {
  readonly model?: unknown;
  readonly pid?: unknown;
}

const fresh = () => ({
  progress: undefined,
  compared: undefined,
  end: undefined,
  isCancelling: false,
  oldFolder: undefined,
  offset: undefined,
  notes: [],
  stopNotes: () => {},
  isCancelled: false,
  puttingIn: undefined,
});

const stateOf = ({ model, pid, startedAtMs, isCancelling, progress, compared }: Running): RebuildState => ({
  ...beginningState(model.name, pid, startedAtMs),
  isCancelling,
  progress,
  compared,
});

/** One whose process was killed did not say how it ended. */
const endOf = ({ oldFolder, end, isCancelling }: Running): Pick<RebuildState, 'outcome' | 'detail' | 'oldFolder'> => {
  const outcome = end?.outcome ?? (isCancelling ? 'cancelled' : 'failed');
  return { outcome: oldFolder === undefined ? outcome : 'put_in_place', detail: end?.detail, oldFolder };
};

const tooSlow = (): OperationalError =>
  new OperationalError('unavailable', `the rebuilt model does not keep up with the log (waited ${followMsMax} ms)`);
