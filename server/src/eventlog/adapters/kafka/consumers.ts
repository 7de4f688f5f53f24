import { assert, type Logger } from '../../../kernel/index.ts';
import { PartitionLostError } from '../../errors.ts';
import type { KafkaReach } from '../../kafka-reach.ts';
import type { JoinOptions, LogPosition, Membership } from '../../ports.ts';
import { isForgotten } from './group/group-failures.ts';
import { GroupMember } from './group/group-member.ts';
import type { KafkaClient } from './kafka-client.ts';
import type { KafkaLogLimits } from './options.ts';
import { type Retrying, untilDone } from './retrying.ts';

export interface ConsumersOptions extends KafkaReach {
  readonly topic: string;
  readonly limits: KafkaLogLimits;
  readonly logger: Logger;
  readonly client: KafkaClient;
  readonly retrying: Retrying;
}

/** The named consumers of this process: how far they are, and which of them share partitions with other processes. */
export class Consumers {
  readonly #options: ConsumersOptions;
  /** Of each consumer: its commits, one after the other, so that the last one stays. */
  readonly #commits = new Map<string, Promise<void>>();
  readonly #members = new Map<string, GroupMember>();

  constructor(options: ConsumersOptions) {
    this.#options = options;
  }

  join(join: JoinOptions, partitions: readonly number[]): Membership {
    const { group } = join;
    assert(!this.#members.has(group), `the log has joined ${group} already`);
    const member = new GroupMember({
      ...this.#options,
      groupId: this.#groupOf(group),
      partitions,
      join,
      over: () => this.#members.delete(group),
    });
    this.#members.set(group, member);
    return member;
  }

  commit(consumer: string, position: LogPosition): Promise<void> {
    const before = this.#commits.get(consumer) ?? Promise.resolve();
    const isFinal = (error: unknown): boolean => error instanceof PartitionLostError;
    const done = before.then(() =>
      untilDone(`committing ${consumer}`, { ...this.#options.retrying, isFinal }, () => this.#commitOnce(consumer, position)),
    );
    const settled = done.catch(() => undefined);
    this.#commits.set(consumer, settled);
    return done;
  }

  async #commitOnce(consumer: string, position: LogPosition): Promise<void> {
    const member = this.#members.get(consumer);
    if (member) return member.commit(consumer, position);
    const { partition, offset } = position;
    try {
      await this.#options.client.setGroupOffset(this.#groupOf(consumer), partition, offset);
    } catch (error) {
      // Who is no member may commit while there are no members.
      if (isForgotten(error)) throw new PartitionLostError(consumer, partition, error);
      throw error;
    }
  }

  position(consumer: string, partition: number): Promise<number | undefined> {
    return untilDone(`the position of ${consumer}`, this.#options.retrying, () =>
      this.#options.client.groupOffset(this.#groupOf(consumer), partition),
    );
  }

  #groupOf(consumer: string): string {
    return `${this.#options.topic}.${consumer}`;
  }

  async leave(): Promise<void> {
    await Promise.all(Array.from(this.#members.values(), (member) => member.leave()));
  }

  async settled(): Promise<void> {
    await Promise.all(this.#commits.values());
  }
}
