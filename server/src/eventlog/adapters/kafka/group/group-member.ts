import { assert, type Logger } from '../../../../kernel/index.ts';
import { PartitionLostError } from '../../../errors.ts';
import type { JoinOptions, LogPosition, Membership } from '../../../ports.ts';
import { ClosedError, inTurn, type Retrying, untilDone } from '../retrying.ts';
import { givenMemberId, isFinalForGroup, isForgotten, isRebalance } from './group-failures.ts';
import { GroupLink, type LinkOptions, type MemberName } from './group-link.ts';
import { GroupSession } from './group-session.ts';

export interface MemberOptions extends LinkOptions {
  readonly partitions: readonly number[];
  readonly logger: Logger;
  readonly join: JoinOptions;
  /** It is no member any more, whatever the reason. */
  readonly over: () => void;
}

interface Share {
  readonly name: MemberName;
  readonly partitions: readonly number[];
  readonly session: GroupSession;
}

/** One process as a member of a group: joins, holds its share while its session lasts, gives it back, joins again. */
export class GroupMember implements Membership {
  readonly #options: MemberOptions;
  readonly #retrying: Retrying;
  readonly #left = Promise.withResolvers<void>();
  readonly #over: Promise<void>;
  #isLeaving = false;
  #link: GroupLink | undefined;
  #linksMade = 0;
  #memberId = '';
  /** A name that the group may still wait for. */
  #formerId = '';
  /** What was ours in the generation before: the group lets us keep it where it can. */
  #owned: readonly number[] = [];
  #share: Share | undefined;

  constructor(options: MemberOptions) {
    const { heartbeatMs, sessionTimeoutMs, rebalanceTimeoutMs } = options.limits;
    assert(heartbeatMs < sessionTimeoutMs, `heartbeatMs is ${heartbeatMs}, expected less than sessionTimeoutMs`);
    assert(
      rebalanceTimeoutMs >= sessionTimeoutMs,
      `rebalanceTimeoutMs is ${rebalanceTimeoutMs}, expected sessionTimeoutMs or more`,
    );
    this.#options = options;
    this.#retrying = {
      ...options.limits,
      logger: options.logger,
      isClosed: () => this.#isLeaving,
      isFinal: isFinalForGroup,
    };
    // Not before `join` has answered: what is called may use the answer.
    this.#over = Promise.resolve().then(() => this.#run());
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#left.resolve();
    // A request to join that waits for other members is given up.
    if (!this.#share) this.#dropLink();
    await this.#over;
  }

  /** Rejects with `PartitionLostError` when the partition is not this member's, or the group has gone on without it. */
  async commit(consumer: string, position: LogPosition): Promise<void> {
    const share = this.#share;
    if (!share || share.session.isLost || !share.partitions.includes(position.partition))
      throw new PartitionLostError(consumer, position.partition);
    try {
      await this.#linked().commit(share.name, position);
    } catch (error) {
      if (isForgotten(error) || isRebalance(error)) throw new PartitionLostError(consumer, position.partition, error);
      throw error;
    }
  }

  async #run(): Promise<void> {
    const { join, logger, over } = this.#options;
    let failure: Error | undefined;
    try {
      while (!this.#isLeaving) await this.#holdOneShare();
    } catch (error) {
      if (!(error instanceof ClosedError)) failure = error as Error;
    }
    this.#share?.session.stop();
    this.#share = undefined;
    await this.#leaveGroup().catch((error: unknown) => logger.debug('a group was left without a word', { error }));
    this.#dropLink();
    over();
    if (failure) {
      const failed = failure;
      queueMicrotask(() => join.failed(failed));
    }
  }

  async #holdOneShare(): Promise<void> {
    const { join, logger } = this.#options;
    const share = await untilDone(`joining ${this.#options.groupId}`, this.#retrying, () => this.#join());
    const { session, partitions, name } = share;
    this.#share = share;
    if (!session.isLost && !this.#isLeaving) {
      logger.info('partitions of the log are ours', { group: join.group, generation: name.generation, partitions });
      await join.assigned(partitions, name.generation);
      await Promise.race([session.ended, this.#left.promise]);
      if (session.isLost)
        logger.warn('the session of a group ran out: partitions of the log are given up', { group: join.group });
      await join.revoked(session.isLost);
    }
    session.stop();
    this.#share = undefined;
    this.#owned = session.isLost ? [] : partitions;
    if (session.isLost) this.#forgetName();
  }

  async #join(): Promise<Share> {
    const link = this.#linked();
    try {
      if (this.#formerId) await this.#leaveFormer(link);
      const joined = await this.#joinNamed(link);
      const heardMs = performance.now();
      const partitions = await link.sync(joined, this.#options.partitions);
      return { name: joined, partitions, session: this.#begin(joined, heardMs) };
    } catch (error) {
      if (isForgotten(error)) this.#forgetName();
      else if (!isRebalance(error)) this.#dropLink(link);
      throw error;
    }
  }

  async #joinNamed(link: GroupLink) {
    try {
      return await link.join(this.#memberId, this.#owned);
    } catch (error) {
      const given = givenMemberId(error);
      if (given === undefined) throw error;
      this.#memberId = given;
      return link.join(given, this.#owned);
    }
  }

  #begin(name: MemberName, heardMs: number): GroupSession {
    const { heartbeatMs, sessionTimeoutMs } = this.#options.limits;
    return new GroupSession({
      heartbeatMs,
      sessionTimeoutMs,
      heardMs,
      beat: () => this.#linked().beat(name),
      // Nobody waits any longer for what hangs on it.
      lost: () => this.#dropLink(),
      unanswered: (error) => {
        this.#options.logger.debug('a heartbeat of a group was not answered', { error });
        this.#dropLink();
      },
    });
  }

  /** The next time it joins as somebody new: what it had then is not its own any more. */
  #forgetName(): void {
    if (this.#memberId) this.#formerId = this.#memberId;
    this.#memberId = '';
    this.#owned = [];
  }

  /** So that the group does not wait for the name until its session runs out. */
  async #leaveFormer(link: GroupLink): Promise<void> {
    try {
      await link.leave(this.#formerId);
    } catch (error) {
      if (!isForgotten(error)) throw error;
    }
    this.#formerId = '';
  }

  async #leaveGroup(): Promise<void> {
    const names = [this.#memberId, this.#formerId].filter(Boolean);
    if (names.length === 0) return;
    this.#dropLink();
    const link = this.#linked();
    const cut = setTimeout(() => void link.close(), this.#options.limits.requestTimeoutMs);
    try {
      for (const name of names) await link.leave(name);
    } finally {
      clearTimeout(cut);
    }
  }

  #linked(): GroupLink {
    // The one before may have hung on a broker that stands still.
    this.#link ??= new GroupLink({ ...this.#options, brokers: inTurn(this.#options.brokers, this.#linksMade++) });
    return this.#link;
  }

  #dropLink(link = this.#link): void {
    if (link === this.#link) this.#link = undefined;
    void link?.close();
  }
}
