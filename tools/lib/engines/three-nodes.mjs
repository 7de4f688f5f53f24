import { setTimeout as delay } from 'node:timers/promises';
import { cassandraSettings, startNode } from './cassandra.mjs';
import { freePort, readyMs } from './engine.mjs';

/** @typedef {import('./cassandra.mjs').CassandraEngine} CassandraEngine */

const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
/** Each has a third of the ring. */
const tokens = [-(2n ** 63n) + 1n, -(2n ** 63n) / 3n, 2n ** 63n / 3n];
const heapMiB = 384;

/** Each has heard of both others. @param {readonly CassandraEngine[]} nodes */
const haveMet = (nodes) => nodes.every((node) => new Set(node.log().match(/\S+ is now UP/g)).size >= nodes.length - 1);

/**
 * Three nodes of Apache Cassandra in one cluster, on three addresses of this machine. Drivers expect all nodes at one port.
 * @param {string} jars
 * @returns {Promise<readonly [CassandraEngine, CassandraEngine, CassandraEngine]>}
 */
export const startThreeNodes = async (jars) => {
  const [port, storagePort] = [await freePort(), await freePort()];
  /** @type {CassandraEngine[]} */
  const nodes = [];
  try {
    // One after the other: who comes has to find the first one.
    for (const [i, address] of addresses.entries()) {
      const settings = {
        ...cassandraSettings(port, storagePort),
        listen_address: address,
        rpc_address: address,
        initial_token: String(tokens[i]),
        // There is nothing yet that a node would have to fetch.
        auto_bootstrap: false,
      };
      nodes.push(await startNode(jars, settings, { heapMiB }));
    }
    const startedMs = performance.now();
    while (!haveMet(nodes)) {
      if (performance.now() - startedMs > readyMs) throw new Error('the nodes of Cassandra do not find each other');
      await delay(100);
    }
  } catch (error) {
    await Promise.all(nodes.map((node) => node.remove()));
    throw error;
  }
  const [first, second, third] = /** @type {[CassandraEngine, CassandraEngine, CassandraEngine]} */ (nodes);
  return [first, second, third];
};
