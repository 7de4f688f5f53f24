import type { ConsistentPoint } from '../backup/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import type { History } from '../history/index.ts';
import { CallerError, type Clock, type Logger } from '../kernel/index.ts';
import type { DatabaseBackup, DatabaseBackupEnd, DatabasePoint, Storage } from '../storage/index.ts';
import type { ControlSession } from './control-socket.ts';

export interface HoldParts {
  readonly log: EventLog;
  readonly history: History;
  readonly storage: Storage;
  /** PostgreSQL is the server's own. */
  readonly isEmbedded: boolean;
  /** A rebuild moves what a backup copies. */
  readonly isBusy: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface HoldBegun {
  readonly database: 'embedded' | 'outside';
  readonly startLsn?: string;
}
export interface HoldEnd {
  readonly stopped?: DatabaseBackupEnd;
  readonly point?: DatabasePoint | null;
}

/** What the running server does for a backup, which another process copies: it keeps what is being copied, and says where it stands. */
export class BackupHold {
  readonly #parts: HoldParts;
  #holder: object | undefined;
  #database: DatabaseBackup | undefined;
  /** Whoever holds is gone, and what it holds is being let go. */
  #leaving: PromiseWithResolvers<void> | undefined;

  constructor(parts: HoldParts) {
    this.#parts = parts;
  }

  /** Nothing old is removed meanwhile. */
  get isHeld(): boolean {
    return this.#holder !== undefined;
  }

  /** One connection of the control socket. When it ends, whatever it held is let go. */
  openSession(): ControlSession {
    const holder = {};
    const commands: Readonly<Record<string, () => Promise<unknown>>> = {
      'backup begin': () => this.#begin(holder),
      'backup cut': async () => this.#cut(holder),
      'backup end': () => this.#end(holder),
      'backup release': () => this.#release(holder),
    };
    return {
      handle: (command) => {
        const run = commands[command];
        if (!run) throw new CallerError('bad_request', `there is no command ${command}`);
        return run();
      },
      closed: () => {
        if (this.#holder === holder) this.#leaving = Promise.withResolvers();
      },
      ended: () => this.#release(holder),
    };
  }

  async #begin(holder: object): Promise<HoldBegun> {
    // One that was killed is no reason to refuse the next.
    while (this.#leaving) await this.#leaving.promise;
    if (this.#holder) throw new CallerError('in_use', 'another backup is being taken');
    if (this.#parts.isBusy()) throw new CallerError('in_use', 'a read model is being rebuilt: try again when it is done');
    this.#holder = holder;
    const { history, storage, isEmbedded, logger } = this.#parts;
    // So that little of the log has to be read when the copy is opened. It would be whole without.
    await history.flush().catch((error: unknown) => logger.warn('history could not be flushed before a backup', { error }));
    if (!isEmbedded) return { database: 'outside' };
    try {
      this.#database = await storage.startBackup();
      return { database: 'embedded', startLsn: this.#database.startLsn };
    } catch (error) {
      await this.#release(holder);
      throw error;
    }
  }

  #cut(holder: object): ConsistentPoint {
    this.#check(holder);
    const { log, clock } = this.#parts;
    return {
      at: new Date(clock.now()).toISOString(),
      log: log.partitions().map((partition) => ({ partition, endOffset: log.endOffset(partition) })),
    };
  }

  async #end(holder: object): Promise<HoldEnd> {
    this.#check(holder);
    if (this.#database) return { stopped: await this.#database.stop() };
    const { storage, logger } = this.#parts;
    try {
      return { point: await storage.currentPoint() };
    } catch (error) {
      logger.warn('the database does not say where it stands', { error });
      return { point: null };
    }
  }

  async #release(holder: object): Promise<void> {
    if (this.#holder !== holder) return;
    const database = this.#database;
    this.#database = undefined;
    await database?.release();
    this.#holder = undefined;
    this.#leaving?.resolve();
    this.#leaving = undefined;
  }

  #check(holder: object): void {
    if (this.#holder !== holder) throw new CallerError('bad_request', 'no backup was begun on this connection');
  }
}
