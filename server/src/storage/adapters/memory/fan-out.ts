import type { Logger } from '../../../kernel/index.ts';
import { type FanOut, type FanOutLimits, fanOutLimits } from '../../fan-out.ts';
import { checkName } from '../../snapshot-store.ts';
import { messageBytes, Subscriptions } from '../../subscriber-queue.ts';

export interface MemoryFanOutOptions {
  readonly logger: Logger;
  readonly limits?: Partial<FanOutLimits>;
}

/** Within the process, for a server that is one. It is never away. */
export const makeMemoryFanOut = ({ logger, limits }: MemoryFanOutOptions): FanOut => {
  const all = { ...fanOutLimits, ...limits };
  const subscriptions = new Subscriptions(all, logger);
  return {
    publish: async (channel, message) => {
      checkName(channel);
      subscriptions.deliver(channel, messageBytes(message, all));
    },
    subscribe: async (channel, subscriber) => {
      checkName(channel);
      const end = subscriptions.add(channel, subscriber);
      return () => void end();
    },
    close: async () => subscriptions.close(),
  };
};
