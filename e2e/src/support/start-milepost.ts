import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killWithDescendants } from './kill-with-descendants.ts';
import { end, launchServer, type Ready } from './server-process.ts';

export interface Milepost {
  readonly origin: string;
  /** Where MQTT is spoken. */
  readonly mqttOrigin: string;
  /** Works once. */
  readonly signInLink: string;
  readonly operatorToken: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Everything that it keeps. */
  readonly data: string;
  /** What the server wrote to standard error, the last of it. */
  log(): string;
  /** Ends the process, as Ctrl-C would, and leaves its data: `start` may be called again. */
  stop(): Promise<void>;
  /** SIGKILL to the server and everything that it started, also its PostgreSQL. Answers how many processes that were. */
  kill(): Promise<number>;
  /** The same server again on the same port and data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

export interface MilepostOptions {
  readonly mode: 'serve' | 'empty' | 'demo';
  /** Further settings of the environment, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A folder to keep its data in, which is removed at the end; a temporary one when it is not given. */
  readonly data?: string;
}

/** Starts the real server on a free port with a data folder of its own, and waits until it says that it is ready. */
export const startMilepost = async ({ mode, settings = {}, data: given }: MilepostOptions): Promise<Milepost> => {
  const data = given ?? (await mkdtemp(join(tmpdir(), 'milepost-e2e-')));
  const operatorToken = randomBytes(24).toString('base64url');
  const launch = (port: string, mqttPort: string): Promise<Ready> =>
    launchServer({
      mode,
      settings: {
        MILEPOST_PORT: port,
        MILEPOST_MQTT_PORT: mqttPort,
        MILEPOST_DATA: data,
        MILEPOST_OPERATOR_TOKEN: operatorToken,
        ...settings,
      },
    });
  let ready = await launch('0', '0').catch(async (error: unknown) => {
    await rm(data, { recursive: true, force: true });
    throw error;
  });
  const { origin, mqttOrigin } = ready;
  const stop = (): Promise<void> => end(ready.child);
  const kill = async (): Promise<number> => {
    const ended = once(ready.child, 'exit');
    const killed = killWithDescendants(ready.child.pid as number);
    await ended;
    return killed;
  };
  return {
    origin,
    mqttOrigin,
    operatorToken,
    data,
    get pid() {
      return ready.child.pid as number;
    },
    log: () => ready.log(),
    get signInLink() {
      return ready.signInLink;
    },
    stop,
    kill,
    start: async () => {
      ready = await launch(new URL(origin).port, new URL(mqttOrigin).port);
    },
    close: async () => {
      await stop();
      await rm(data, { recursive: true, force: true });
    },
  };
};
