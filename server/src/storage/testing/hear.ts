import type { FanOut } from '../fan-out.ts';

/** A subscriber that keeps what it was told, in order; `gap` among the messages. `waits`: it takes nothing before. */
export const hear = async (fanOut: FanOut, channel: string, waits?: Promise<void>) => {
  const calls: string[] = [];
  const end = await fanOut.subscribe(channel, {
    heard: async (message) => {
      if (waits) await waits;
      calls.push(message.toString());
    },
    gap: () => void calls.push('gap'),
  });
  return { calls, end };
};
