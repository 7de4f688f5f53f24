import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Admin, FindCoordinatorKeyTypes } from '@platformatic/kafka';
import { type Engine, ensureKafka, startThreeBrokers } from '../../../../../tools/lib/engines.mjs';
import { silentLogger, systemClock } from '../../../kernel/index.ts';
import { PartitionLostError } from '../../errors.ts';
import type { EventLog } from '../../ports.ts';
import { range } from '../../test-support.ts';
import { areShared, openMember, type TestMember } from './group/test-members.ts';
import { ensureTopic, openKafkaLog } from './index.ts';
import { testTopic } from './test-kafka.ts';
import { assertWhole, hearStream, startStream, until, untilGoesOn } from './test-stream.ts';

const partitions = 8;
/** Longer than a request may take. */
const unansweredMs = 12_000;

const jars = ensureKafka();
const options = { skip: 'problem' in jars ? jars.problem : false, timeout: 600_000 };

let nodes: readonly Engine[] = [];
let brokers: readonly string[] = [];
before(async () => {
  if ('problem' in jars) return;
  // Leaders go back to where they were first, too, soon after their broker has come back.
  nodes = await startThreeBrokers(jars.path, { settings: { 'leader.imbalance.check.interval.seconds': '2' } });
  brokers = nodes.map(({ address }) => address);
});
after(() => Promise.all(nodes.map((node) => node.remove())));

const node = (id: number): Engine => nodes[id - 1] as Engine;

const opened: EventLog[] = [];
after(() => Promise.all(opened.map((log) => log.close())));

/** With the limits of a server. */
const open = async (topic: string): Promise<EventLog> => {
  const log = await openKafkaLog({ brokers, topic, clock: systemClock, logger: silentLogger });
  opened.push(log);
  return log;
};

const newTopic = async (topic: string): Promise<void> => {
  const { problems } = await ensureTopic({ ...testTopic(brokers, topic, partitions), replicas: 3, inSyncMin: 2 });
  assert.deepEqual(problems, []);
};

/** Asks one broker, which is there. */
const ask = async <Result>(id: number, run: (admin: Admin) => Promise<Result>): Promise<Result> => {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [node(id).address], retries: 5 });
  try {
    return await run(admin);
  } finally {
    await admin.close();
  }
};

const partitionsSeenBy = async (id: number, topic: string) => {
  const { topics } = await ask(id, (admin) => admin.metadata({ topics: [topic], forceUpdate: true }));
  return topics.get(topic)?.partitions ?? [];
};

const coordinatorSeenBy = async (id: number, groupId: string): Promise<number | undefined> => {
  const keyType = FindCoordinatorKeyTypes.GROUP;
  const found = await ask(id, (admin) => admin.findCoordinator({ keyType, keys: [groupId] })).catch(() => []);
  return found[0]?.nodeId;
};

const leads = async (id: number, topic: string, askedId: number): Promise<boolean> =>
  (await partitionsSeenBy(askedId, topic)).some(({ leader }) => leader === id);

const isWhole = async (topic: string, askedId: number): Promise<boolean> =>
  (await partitionsSeenBy(askedId, topic)).every(({ isr }) => isr.length === 3);

test(
  'brokers are killed, come back and stand still under a stream: what was acknowledged is heard once, in order',
  options,
  async (context) => {
    const topic = 'moving';
    await newTopic(topic);
    const [writer, follower] = [await open(topic), await open(topic)];
    const stream = startStream(writer);
    const hearers = [hearStream(follower)];
    await untilGoesOn(stream, hearers);
    const told: string[] = [];
    const tell = (what: string): void => {
      told.push(`${what}: ${stream.longestPauseMs()} / ${hearers[0]?.longestPauseMs()}`);
    };
    tell('all there');
    const killed = async (id: number, askedId: number): Promise<void> => {
      assert.ok(await leads(id, topic, askedId));
      node(id).kill();
      await until(async () => !(await leads(id, topic, askedId)));
      await untilGoesOn(stream, hearers);
      tell(`broker ${id} killed`);
    };
    const back = async (id: number, askedId: number): Promise<void> => {
      await node(id).start();
      await until(async () => (await isWhole(topic, askedId)) && (await leads(id, topic, askedId)));
      await untilGoesOn(stream, hearers);
      tell(`broker ${id} back, and leads again`);
    };
    await killed(2, 1);
    // Knows two brokers, and has to find the third one when it is back.
    hearers.push(hearStream(await open(topic)));
    await untilGoesOn(stream, hearers);
    await back(2, 1);
    await killed(3, 2);
    await back(3, 2);
    // The one that everybody asks first.
    process.kill(node(1).pid, 'SIGSTOP');
    try {
      await until(async () => !(await leads(1, topic, 2)));
      await untilGoesOn(stream, hearers);
      tell('broker 1 stands still');
    } finally {
      process.kill(node(1).pid, 'SIGCONT');
    }
    await until(async () => (await isWhole(topic, 2)) && (await leads(1, topic, 2)));
    await untilGoesOn(stream, hearers);
    tell('broker 1 goes on, and leads again');
    await stream.stop();
    const count = stream.next();
    hearers.push(hearStream(await open(topic)));
    await until(() => hearers.every(({ has }) => range(0, count).every(has)));
    for (const heard of hearers) assertWhole(heard, count);
    context.diagnostic(`longest time without an acknowledgement / without a record at the follower, ms: ${told.join('; ')}`);
  },
);

test('with two of three brokers away nothing is acknowledged; with one of them back all of it is', options, async (context) => {
  const topic = 'two-away';
  await newTopic(topic);
  const writer = await open(topic);
  const stream = startStream(writer);
  const heard = hearStream(writer);
  await untilGoesOn(stream, [heard]);
  for (const id of [1, 2]) node(id).kill();
  // Has ended by then.
  await Promise.all([node(1).stop(), node(2).stop()]);
  const from = stream.next();
  await delay(unansweredMs);
  assert.deepEqual(
    [...stream.acknowledged].filter((seq) => seq >= from),
    [],
  );
  const startedMs = performance.now();
  await node(1).start();
  const readyMs = performance.now();
  await untilGoesOn(stream, [heard]);
  const [started, goesOn] = [readyMs - startedMs, performance.now() - readyMs].map(Math.round);
  await stream.stop();
  await until(() => range(0, stream.next()).every(heard.has));
  assertWhole(heard, stream.next());
  await node(2).start();
  context.diagnostic(`acknowledged again ${goesOn} ms after the second broker was ready, which took ${started} ms`);
});

/** Says how far a member is in a partition of its own, as soon as its group takes it. */
const commitSoon = ({ log, notes }: TestMember, offset: number): Promise<void> =>
  until(async () => {
    const [partition] = notes.held;
    if (partition === undefined) return false;
    try {
      await log.commitConsumer('projector', { partition, offset });
      return (await log.consumerPosition('projector', partition)) === offset;
    } catch (error) {
      if (error instanceof PartitionLostError) return false;
      throw error;
    }
  });

test(
  'the broker that coordinates a group is killed, and later stands still: members go on, and share everything',
  options,
  async (context) => {
    const topic = 'shared';
    const groupId = `${topic}.projector`;
    await newTopic(topic);
    const unhooked = (): Promise<void> => Promise.resolve();
    const members = [await openMember(brokers, topic, unhooked, {}), await openMember(brokers, topic, unhooked, {})];
    opened.push(...members.map(({ log }) => log));
    const isShared = (): boolean => {
      const held = members.flatMap(({ notes }) => notes.held);
      assert.equal(new Set(held).size, held.length, 'no partition is held twice');
      return areShared(
        partitions,
        members.map(({ notes }) => notes),
      );
    };
    await until(isShared);
    let offset = 1;
    const goOn = () => Promise.all(members.map((member) => commitSoon(member, offset++)));
    await goOn();
    const told: string[] = [];
    const coordinator = (await coordinatorSeenBy(1, groupId)) as number;
    const other = coordinator === 1 ? 2 : 1;
    const losses = (): number => members.flatMap(({ notes }) => notes.heard).filter(({ isLost }) => isLost).length;
    const without = async (what: string, stop: () => void): Promise<void> => {
      const startedMs = performance.now();
      const lossesBefore = losses();
      stop();
      await until(async () => {
        isShared();
        return ![coordinator, undefined].includes(await coordinatorSeenBy(other, groupId));
      });
      const movedMs = Math.round(performance.now() - startedMs);
      await until(isShared);
      await goOn();
      const tookMs = Math.round(performance.now() - startedMs);
      const lost = losses() - lossesBefore;
      told.push(`${what}: another coordinates after ${movedMs} ms, both commit after ${tookMs} ms, ${lost} shares were lost`);
    };
    await without('killed', () => node(coordinator).kill());
    await node(coordinator).start();
    await until(async () => (await isWhole(topic, other)) && (await coordinatorSeenBy(other, groupId)) === coordinator);
    try {
      await without('stands still', () => process.kill(node(coordinator).pid, 'SIGSTOP'));
    } finally {
      process.kill(node(coordinator).pid, 'SIGCONT');
    }
    await until(isShared);
    await goOn();
    context.diagnostic(told.join('; '));
  },
);
