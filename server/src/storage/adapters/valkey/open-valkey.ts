import { invalidField, systemClock } from '../../../kernel/index.ts';
import { Link, type LinkStatistics } from './link.ts';
import { type ValkeyOptions, type ValkeySettings, valkeyLimits } from './options.ts';

/** Bytes are Buffers in answers. */
export type Command = readonly (string | Buffer)[];

export interface Valkey {
  readonly settings: ValkeySettings;
  readonly isAway: boolean;
  /** For readiness and for people; undefined while it is there. */
  readonly awayReason: string | undefined;
  readonly statistics: LinkStatistics;
  /** Throws `unavailable` and `overloaded`; what it throws for want of an answer may have been done all the same. */
  request(command: Command): Promise<unknown>;
  /** All of them at once, or none; and what each answers. */
  transaction(commands: readonly Command[]): Promise<readonly unknown[]>;
  /** A connection of its own. `opened` runs on it each time it is made. */
  openLink(purpose: string, opened: (link: Link) => Promise<void>): Link;
  close(): Promise<void>;
}

const checkUrl = (url: string): void => {
  // The value may hold a password: it is not told.
  if (!URL.canParse(url) || !['redis:', 'rediss:'].includes(new URL(url).protocol))
    throw invalidField('the address of Valkey', '…', 'redis://host:port or rediss://host:port');
};

const bytesOf = (command: Command): number => command.reduce((sum, part) => sum + part.length, 0);

const settingsOf = (options: ValkeyOptions): ValkeySettings => ({
  clock: systemClock,
  random: Math.random,
  prefix: 'milepost:',
  ...options,
  tlsCa: options.tlsCa,
  limits: { ...valkeyLimits, ...options.limits },
});

/** Opens the connection and waits a little for it; one that is away is connected to when it is there. Throws `invalid_field` for an address that is none. */
export const openValkey = async (options: ValkeyOptions): Promise<Valkey> => {
  checkUrl(options.url);
  const settings = settingsOf(options);
  const requests = new Link(settings, 'requests');
  const links = [requests];
  await requests.untilOpened();
  const awayReason = (): string | undefined => links.map((link) => link.awayReason).find((reason) => reason !== undefined);
  return {
    settings,
    get isAway() {
      return awayReason() !== undefined;
    },
    get awayReason() {
      return awayReason();
    },
    get statistics() {
      const all = links.map((link) => link.statistics);
      const sum = (of: (one: LinkStatistics) => number): number => all.reduce((total, one) => total + of(one), 0);
      return {
        reconnections: sum((one) => one.reconnections),
        requestsInFlight: sum((one) => one.requestsInFlight),
        requestBytesInFlight: sum((one) => one.requestBytesInFlight),
      };
    },
    request: (command) => requests.call(bytesOf(command), (client) => client.sendCommand([...command])),
    transaction: (commands) =>
      requests.call(
        commands.reduce((sum, command) => sum + bytesOf(command), 0),
        async (client) => {
          const multi = client.multi();
          for (const command of commands) multi.addCommand([...command]);
          return multi.exec();
        },
      ),
    openLink: (purpose, opened) => {
      const link: Link = new Link(settings, purpose, () => opened(link));
      links.push(link);
      return link;
    },
    close: async () => {
      await Promise.all(links.map((link) => link.close()));
    },
  };
};
