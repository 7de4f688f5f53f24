import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killWithDescendants } from './kill-with-descendants.ts';
import type { Milepost, MilepostOptions } from './milepost.ts';
import { isOnCluster } from './not-on-cluster.ts';
import { end, launchServer, type Ready } from './server-process.ts';

export type { Milepost, MilepostOptions, Target } from './milepost.ts';

/** Starts the real server on a free port with a data folder of its own, and waits until it says that it is ready. */
const startMilepostAlone = async ({ mode, settings = {}, data: given }: MilepostOptions): Promise<Milepost> => {
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

/** Starts Milepost as the run asks for: one server, or with `npm run test:cluster` the processes of a cluster behind one address. */
export const startMilepost = async (options: MilepostOptions): Promise<Milepost> => {
  if (!isOnCluster) return startMilepostAlone(options);
  // Loaded only then: it brings the clients of the engines.
  const { startMilepostOnCluster } = await import('../cluster/milepost-on-cluster.ts');
  return startMilepostOnCluster(options);
};
