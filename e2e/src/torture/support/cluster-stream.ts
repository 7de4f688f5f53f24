import assert from 'node:assert/strict';
import { engineProblem, type Engines, startEngines } from '../../cluster/engines.ts';
import { networkProblem } from '../../cluster/network.ts';
import { type Cluster, type ClusterNode, startCluster } from '../../cluster/start-cluster.ts';
import type { Target } from '../../support/start-milepost.ts';
import type { TortureContext } from '../context.ts';
import type { Outcome, Prerequisite } from '../scenario.ts';
import { ask } from './ask.ts';
import { checkFleet, isShown, type Tally } from './check-fleet.ts';
import type { CountingDevice } from './counting-device.ts';
import { rounded, secondsSince } from './figures.ts';
import { endFleet, makeFleet, waysIn } from './make-fleet.ts';
import { waitUntil } from './wait-until.ts';

/** Devices of real fleets report seldom; these often enough that every fault meets reports on their way. */
const reportEveryMs = 50;
/** Seen of each device before a fault comes. */
const acksBefore = 40;
/** Longest that anything may take to be as it was. */
const recoveryMsMax = 120_000;
/** Chunks are written while faults last, not only in between. */
const sealSeconds = '3';
export const partitions = 16;

export const isCluster: Prerequisite = { missing: engineProblem };
export const isNetwork: Prerequisite = { missing: networkProblem };

export interface Recovery {
  readonly what: string;
  /** Until each device had a further acknowledgement. */
  readonly ackSeconds: number;
  /** Until each process of the API showed what had been acknowledged by then. */
  readonly shownSeconds: number;
}

/** A cluster with devices that report on every way in. */
export interface ClusterStream {
  readonly context: TortureContext;
  readonly engines: Engines;
  readonly cluster: Cluster;
  /** Where devices come. */
  readonly target: Target;
  readonly devices: readonly CountingDevice[];
  readonly recoveries: Recovery[];
}

export const openClusterStream = async (
  context: TortureContext,
  {
    hasNetwork = false,
    settings = {},
  }: { readonly hasNetwork?: boolean; readonly settings?: Readonly<Record<string, string>> } = {},
): Promise<ClusterStream> => {
  const engines = await startEngines({ partitions, hasNetwork });
  context.atEnd(() => engines.stop());
  const cluster = await startCluster({ engines, settings: { MILEPOST_HISTORY_SEAL_SECONDS: sealSeconds, ...settings } });
  context.atEnd(() => cluster.close());
  // It holds replicas of everything, which grow while the store is away.
  context.memory.watch(() => cluster.apis[1]?.pid ?? 0);
  const { front, operatorToken } = cluster;
  const target = { origin: front.origin, mqttOrigin: front.mqttOrigin, operatorToken };
  const devices = await makeFleet(target, waysIn);
  context.atEnd(() => endFleet(devices));
  for (const device of devices) device.goEvery(reportEveryMs);
  await furtherAcks(devices, 1);
  return { context, engines, cluster, target, devices, recoveries: [] };
};

/** Rejects when a device waits longer than it may. */
export const furtherAcks = async (devices: readonly CountingDevice[], count: number): Promise<void> => {
  const wanted = devices.map(({ acked }) => acked + count);
  const behind = (): CountingDevice[] => devices.filter(({ acked }, i) => acked < (wanted[i] as number));
  await waitUntil(() => behind().length === 0, `${count} further acknowledgements of each device`, recoveryMsMax).catch(
    (error: unknown) => {
      const who = behind().map(({ client, vehicleId, acked }) => `${vehicleId}: ${acked}, ${client.state}`);
      throw new Error(`${String(error)}: ${who.join('; ')}`, { cause: error });
    },
  );
};

/** Each process of the API by itself. */
export const readersOf = ({ cluster, target }: Pick<ClusterStream, 'cluster' | 'target'>): Target[] =>
  cluster.apis.map(({ origin }) => ({ ...target, origin }));

const untilShown = async (stream: ClusterStream, readers: readonly Target[]): Promise<void> => {
  const acked = stream.devices.map((device) => ({ device, count: device.acked }));
  for (const reader of readers)
    for (const { device, count } of acked)
      await waitUntil(() => isShown(reader, device, count), `report ${count} of ${device.vehicleId} is shown`, recoveryMsMax);
};

const endedByThemselves = (cluster: Cluster): ClusterNode[] => cluster.nodes().filter((node) => node.hasEndedByItself());

export const assertAllRun = (cluster: Cluster): void => {
  const [ended] = endedByThemselves(cluster);
  if (ended) assert.fail(`a process (${ended.role}) ended by itself:\n${ended.log().slice(-4000)}`);
};

/** Inflicts a fault while reports flow, and measures how long after its end all is as before. `inflict` resolves when the fault is over. */
export const suffer = async (stream: ClusterStream, what: string, inflict: () => Promise<void>): Promise<Recovery> => {
  const { devices, cluster, context, recoveries } = stream;
  await furtherAcks(devices, acksBefore);
  await inflict();
  const overMs = performance.now();
  await furtherAcks(devices, 1);
  const ackSeconds = secondsSince(overMs);
  await untilShown(stream, readersOf(stream));
  const recovery = { what, ackSeconds, shownSeconds: secondsSince(overMs) };
  assertAllRun(cluster);
  context.say(`${what}: acknowledged again after ${ackSeconds} s, shown after ${recovery.shownSeconds} s`);
  recoveries.push(recovery);
  return recovery;
};

const isReady = async ({ origin }: ClusterNode): Promise<boolean> =>
  (await fetch(`${origin}/readyz`).catch(() => undefined))?.status === 200;

/** Every process says that it is. Answers after how many seconds. */
export const untilAllReady = async ({ cluster }: Pick<ClusterStream, 'cluster'>): Promise<number> => {
  const all = async (): Promise<boolean> => (await Promise.all(cluster.nodes().map(isReady))).every(Boolean);
  return waitUntil(all, 'every process is ready', recoveryMsMax).catch(async (error: unknown) => {
    assertAllRun(cluster);
    const says = cluster.nodes().map(async ({ role, origin }) => `${role}: ${await (await fetch(`${origin}/readyz`)).text()}`);
    throw new Error(`${String(error)}\n${(await Promise.all(says)).join('\n')}`, { cause: error });
  });
};

/** A projector has this many partitions and has caught up. Answers after how many seconds. */
export const untilOwns = (node: ClusterNode, count: number): Promise<number> =>
  waitUntil(
    async () => {
      const response = await fetch(`${node.origin}/readyz`).catch(() => undefined);
      return response?.status === 200 && (await response.text()).includes(`"${count} partitions"`);
    },
    `a projector has ${count} partitions`,
    recoveryMsMax,
  );

/** No vehicle was ever called silent: all of them reported, whether they could be heard or not. That nobody could hear them may be said. */
export const assertNeverSilent = async (stream: ClusterStream): Promise<void> => {
  for (const reader of readersOf(stream))
    for (const { vehicleId } of stream.devices) {
      const response = await ask(reader, `/v1/vehicles/${vehicleId}/status`);
      const { items } = (await response.json()) as { items: { to: string; at: string; reason: string }[] };
      const wrong = items.filter(({ to, reason }) => to !== 'online' && reason !== 'server_down');
      assert.deepEqual(wrong, [], `${vehicleId} was never silent`);
      assert.ok(items.length > 0, `${vehicleId} is known to be online`);
    }
};

const checkThrough = async (stream: ClusterStream, readers: readonly Target[]): Promise<Tally> => {
  await untilShown(stream, readers);
  const tallies: Tally[] = [];
  for (const reader of readers) tallies.push(await checkFleet(reader, stream.devices));
  return tallies[0] as Tally;
};

/**
 * Everything that was acknowledged is there, once: through each process of the API, again when the store has all of it, and again through one
 * that begins with nothing.
 */
export const checkEverywhere = async (stream: ClusterStream): Promise<Tally> => {
  const { cluster, devices, context } = stream;
  for (const device of devices) device.pause();
  await waitUntil(() => devices.every(({ client }) => client.unacknowledged === 0), 'all is acknowledged', recoveryMsMax);
  await untilAllReady(stream);
  await checkThrough(stream, readersOf(stream));
  context.say('all is there, in memory or in the store');
  // Their end writes what they have.
  for (const projector of cluster.projectors) await projector.stop();
  const tally = await checkThrough(stream, readersOf(stream));
  context.say('all is there when the store has it');
  const [first] = cluster.apis;
  assert.ok(first);
  await first.stop();
  await first.startEmpty();
  await checkThrough(stream, readersOf(stream).slice(0, 1));
  context.say('all is there for a process that began with nothing');
  for (const projector of cluster.projectors) await projector.start();
  await untilAllReady(stream);
  assertAllRun(cluster);
  return tally;
};

/** What a scenario of the cluster answers. */
export const outcomeOf = (tally: Tally, { recoveries, devices }: ClusterStream, more: Outcome['figures'] = {}): Outcome => ({
  ...tally,
  recoverySeconds: recoveries.map(({ ackSeconds }) => ackSeconds),
  figures: {
    devices: devices.length,
    ...Object.fromEntries(
      recoveries.map(({ what, ackSeconds, shownSeconds }) => [
        `${what}: acknowledged / shown again after, s`,
        `${rounded(ackSeconds)} / ${rounded(shownSeconds)}`,
      ]),
    ),
    ...more,
  },
});
