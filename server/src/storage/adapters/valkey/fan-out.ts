import { type FanOut, type FanOutLimits, fanOutLimits } from '../../fan-out.ts';
import { checkName } from '../../snapshot-store.ts';
import { messageBytes, Subscriptions } from '../../subscriber-queue.ts';
import type { Client } from './client.ts';
import type { Valkey } from './open-valkey.ts';

/**
 * By publish and subscribe, with a connection for what is heard: a snapshot on its way keeps no message waiting. Each time that one is made anew, all
 * channels are subscribed to again and every subscriber is told of the gap.
 */
export const openValkeyFanOut = async (valkey: Valkey, limits: Partial<FanOutLimits> = {}): Promise<FanOut> => {
  const { logger, prefix } = valkey.settings;
  const all = { ...fanOutLimits, ...limits };
  const subscriptions = new Subscriptions(all, logger);
  const channelOf = (name: string): string => `${prefix}channel:${name}`;
  const deliver = (message: Buffer, channel: Buffer): void =>
    subscriptions.deliver(channel.toString().slice(channelOf('').length), message);
  /** Answers come in the order of requests: with that to the second, the first has been done, also when another has made it. */
  const hear = async (client: Client, names: readonly string[]): Promise<void> => {
    await Promise.all([client.subscribe(names.map(channelOf), deliver, true), client.sendCommand(['PING'])]);
  };
  const link = valkey.openLink('subscriptions', async (opened) => {
    const { channels } = subscriptions;
    if (channels.length > 0) await opened.call(0, (client) => hear(client, channels));
    subscriptions.gap();
  });
  await link.untilOpened();

  return {
    publish: async (channel, message) => {
      checkName(channel);
      await valkey.request(['PUBLISH', channelOf(channel), messageBytes(message, all)]);
    },
    subscribe: async (channel, subscriber) => {
      checkName(channel);
      const end = subscriptions.add(channel, subscriber);
      try {
        await link.call(0, (client) => hear(client, [channel]));
      } catch (error) {
        // While it is away: the channel is subscribed to with all others when it is back.
        if (link.awayReason === undefined) {
          end();
          throw error;
        }
      }
      return () => {
        if (end()) link.call(0, (client) => client.unsubscribe(channelOf(channel), deliver, true)).catch(() => undefined);
      };
    },
    close: async () => {
      subscriptions.close();
      await link.close();
    },
  };
};
