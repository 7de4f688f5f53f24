import { createServer } from 'node:net';
import { connect, type AddressInfo } from 'node:net';
import { ensureToxiproxy, startToxiproxy } from '../../../tools/lib/engines.mjs';

/** A network between processes and their engines that can be made bad. */
export interface Network {
  /** Where processes find what is at `upstream` (host:port, known later if it is not given). */
  proxy(name: string, upstream?: string): Promise<string>;
  setUpstream(name: string, upstream: string): Promise<void>;
  /** Each direction takes this much longer; 0: as ever. */
  slow(ms: number): Promise<void>;
  /** Every connection there is ends with a reset. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** How long connections that begin are reset, too. */
const resetForMs = 200;

/** Why there is no such network on this machine; undefined: there is. */
export const networkProblem = (): string | undefined => {
  const found = ensureToxiproxy();
  return 'problem' in found ? found.problem : undefined;
};

/** Speaks to Toxiproxy: https://github.com/Shopify/toxiproxy#http-api */
const makeAsk =
  (address: string) =>
  async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`http://${address}${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };

export const openNetwork = async (): Promise<Network> => {
  const found = ensureToxiproxy();
  if ('problem' in found) throw new Error(found.problem);
  const toxiproxy = await startToxiproxy(found.path);
  const ask = makeAsk(toxiproxy.address);
  const names: string[] = [];
  const everywhere = (run: (name: string) => Promise<unknown>): Promise<unknown> => Promise.all(names.map(run));
  const add = (name: string, type: string, stream: string, attributes: object): Promise<unknown> =>
    ask('POST', `/proxies/${name}/toxics`, { name: `${type}-${stream}`, type, stream, attributes });
  const remove = (name: string, toxic: string): Promise<unknown> => ask('DELETE', `/proxies/${name}/toxics/${toxic}`);
  let slowMs = 0;
  return {
    // Whoever is asked for before it is known refuses.
    proxy: async (name, upstream = '127.0.0.1:1') => {
      const { listen } = (await ask('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream })) as { listen: string };
      names.push(name);
      return listen;
    },
    setUpstream: async (name, upstream) => void (await ask('POST', `/proxies/${name}`, { upstream })),
    slow: async (ms) => {
      if (slowMs > 0)
        for (const stream of ['upstream', 'downstream']) await everywhere((name) => remove(name, `latency-${stream}`));
      slowMs = ms;
      if (ms === 0) return;
      for (const stream of ['upstream', 'downstream'])
        await everywhere((name) => add(name, 'latency', stream, { latency: ms, jitter: 0 }));
    },
    reset: async () => {
      await everywhere((name) => add(name, 'reset_peer', 'downstream', { timeout: 0 }));
      await new Promise((done) => setTimeout(done, resetForMs));
      await everywhere((name) => remove(name, 'reset_peer-downstream'));
    },
    close: () => toxiproxy.remove(),
  };
};

/** A port of this machine that leads to a socket in a folder: proxies know ports only. Answers host:port and how to end it. */
export const relayTo = async (path: string): Promise<{ readonly address: string; close(): Promise<void> }> => {
  const server = createServer((socket) => {
    const onwards = connect(path);
    for (const [from, to] of [
      [socket, onwards],
      [onwards, socket],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.once('close', () => to.destroy());
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => void server.close(),
  };
};
