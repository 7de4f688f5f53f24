import { assert } from '../kernel/index.ts';
import type { JoinOptions, Membership } from './ports.ts';

/** The groups of a log that one process has for itself: each has one member, which gets everything. */
export class SingleMembers {
  readonly #partitions: readonly number[];
  readonly #members = new Map<string, Membership>();
  #generation = 0;

  constructor(partitions: readonly number[]) {
    this.#partitions = partitions;
  }

  join(options: JoinOptions): Membership {
    const { group } = options;
    assert(!this.#members.has(group), `the log has joined ${group} already`);
    const generation = ++this.#generation;
    const left = Promise.withResolvers<void>();
    const hold = async (): Promise<void> => {
      try {
        await options.assigned(this.#partitions, generation);
        await left.promise;
        await options.revoked(false);
      } catch (error) {
        queueMicrotask(() => options.failed(error as Error));
      }
      this.#members.delete(group);
    };
    // Not before `join` has answered: what is called may use the answer.
    const over = Promise.resolve().then(hold);
    const member = {
      leave: (): Promise<void> => {
        left.resolve();
        return over;
      },
    };
    this.#members.set(group, member);
    return member;
  }

  async leave(): Promise<void> {
    await Promise.all(Array.from(this.#members.values(), (member) => member.leave()));
  }
}
