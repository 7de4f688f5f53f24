import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killWithDescendants } from '../support/kill-with-descendants.ts';
import { end, launchServer, type Ready } from '../support/server-process.ts';
import type { Engines } from './engines.ts';
import { type Front, openFront } from './front.ts';

export type Role = 'gateway' | 'projector' | 'api';

/** One process of a cluster. */
export interface ClusterNode {
  readonly role: Role;
  readonly origin: string;
  readonly mqttOrigin: string;
  readonly signInLink: string;
  readonly pid: number;
  log(): string;
  /** As Ctrl-C would; `start` may be called again. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** The same process again, on the same port and data. */
  start(): Promise<void>;
  /** The same without anything that it kept. */
  startEmpty(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** It runs, or was ended by `stop` or `kill`. */
  hasEndedByItself(): boolean;
  close(): Promise<void>;
}

export interface Cluster {
  /** Where devices and browsers come, as if it were one server. */
  readonly front: Front;
  readonly operatorToken: string;
  readonly gateways: readonly ClusterNode[];
  readonly projectors: readonly ClusterNode[];
  readonly apis: readonly ClusterNode[];
  readonly nodes: () => readonly ClusterNode[];
  close(): Promise<void>;
}

export interface ClusterWanted {
  readonly engines: Pick<Engines, 'settings'>;
  readonly gateways?: number;
  readonly projectors?: number;
  readonly apis?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

const startNode = async (role: Role, settings: Readonly<Record<string, string>>): Promise<ClusterNode> => {
  const data = await mkdtemp(join(tmpdir(), `milepost-${role}-`));
  const launch = (port: string, mqttPort: string): Promise<Ready> =>
    launchServer({
      mode: 'serve',
      hasApi: role === 'api',
      settings: {
        MILEPOST_ROLES: role,
        MILEPOST_DATA: data,
        MILEPOST_PORT: port,
        ...(role === 'gateway' ? { MILEPOST_MQTT_PORT: mqttPort } : {}),
        ...settings,
      },
    });
  let ready = await launch('0', '0').catch(async (error: unknown) => {
    await rm(data, { recursive: true, force: true });
    throw error;
  });
  const { origin, mqttOrigin } = ready;
  let isWanted = true;
  const stop = async (): Promise<void> => {
    isWanted = false;
    await end(ready.child);
  };
  const start = async (): Promise<void> => {
    ready = await launch(new URL(origin).port, mqttOrigin ? new URL(mqttOrigin).port : '0');
    isWanted = true;
  };
  return {
    role,
    origin,
    mqttOrigin,
    get signInLink() {
      return ready.signInLink;
    },
    get pid() {
      return ready.child.pid as number;
    },
    log: () => ready.log(),
    stop,
    start,
    startEmpty: async () => {
      await rm(data, { recursive: true, force: true });
      await start();
    },
    pause: () => void process.kill(ready.child.pid as number, 'SIGSTOP'),
    resume: () => void process.kill(ready.child.pid as number, 'SIGCONT'),
    hasEndedByItself: () => isWanted && (ready.child.exitCode !== null || ready.child.signalCode !== null),
    kill: async () => {
      isWanted = false;
      const ended = once(ready.child, 'exit');
      killWithDescendants(ready.child.pid as number);
      await ended;
    },
    close: async () => {
      await stop();
      await rm(data, { recursive: true, force: true });
    },
  };
};

/** Two of each unless it says otherwise, behind one address. */
export const startCluster = async (wanted: ClusterWanted): Promise<Cluster> => {
  const { engines, gateways: gatewayCount = 2, projectors: projectorCount = 2, apis: apiCount = 2 } = wanted;
  const operatorToken = randomBytes(24).toString('base64url');
  const front = await openFront({ gateways: [], mqtt: [], apis: [] });
  const settings = {
    ...engines.settings,
    MILEPOST_OPERATOR_TOKEN: operatorToken,
    MILEPOST_PUBLIC_HOSTS: new URL(front.origin).host,
    MILEPOST_PUBLIC_URL: front.origin,
    ...wanted.settings,
  };
  const nodes: ClusterNode[] = [];
  const start = async (role: Role, count: number): Promise<ClusterNode[]> => {
    const starting = Array.from({ length: count }, async () => {
      const node = await startNode(role, settings);
      nodes.push(node);
      return node;
    });
    // Also when one does not start: those that do are ended with the others.
    await Promise.allSettled(starting);
    return Promise.all(starting);
  };
  const close = async (): Promise<void> => {
    await front.close();
    await Promise.all(nodes.map((node) => node.close()));
  };
  try {
    const projectors = await start('projector', projectorCount);
    const [gateways, apis] = await Promise.all([start('gateway', gatewayCount), start('api', apiCount)]);
    front.setTargets({
      gateways: gateways.map(({ origin }) => origin),
      mqtt: gateways.map(({ mqttOrigin }) => mqttOrigin),
      apis: apis.map(({ origin }) => origin),
    });
    return { front, operatorToken, gateways, projectors, apis, nodes: () => nodes, close };
  } catch (error) {
    await close();
    throw error;
  }
};
