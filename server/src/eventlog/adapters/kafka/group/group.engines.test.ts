import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Admin } from '@platformatic/kafka';
import { describeGroup, ensureKafka, ensureKafkaTools, startKafka } from '../../../../../../tools/lib/engines.mjs';
import { makeManualClock, silentLogger } from '../../../../kernel/index.ts';
import { PartitionLostError } from '../../../errors.ts';
import { append, makeRecord, range, testEpochMs } from '../../../test-support.ts';
import { ensureTopic, openKafkaLog } from '../index.ts';
import { testTopic } from '../test-kafka.ts';
import { areShared, groupLimits, openMember, spawnMember, type TestMember, until } from './test-members.ts';

const broker = process.env['TEST_KAFKA'];
const options = { skip: broker ? false : 'no Kafka', timeout: 300_000 };
const brokers = [broker ?? ''];
const partitions = 16;

const newTopic = async (count = partitions): Promise<string> => {
  const topic = `group-${randomUUID()}`;
  await ensureTopic(testTopic(brokers, topic, count));
  return topic;
};

const notesOf = (members: readonly TestMember[]) => members.map(({ notes }) => notes);

test(
  'two members share evenly, a third takes its part of each, and one that leaves gives its part to them',
  options,
  async (context) => {
    const topic = await newTopic();
    const members: TestMember[] = [];
    context.after(() => Promise.all(members.map(({ log }) => log.close())));
    members.push(await openMember(brokers, topic), await openMember(brokers, topic));
    await until(() => areShared(partitions, notesOf(members)));
    const before = members.map(({ notes }) => ({ notes, held: notes.held, generation: notes.generation }));
    members.push(await openMember(brokers, topic));
    await until(() => areShared(partitions, notesOf(members)));
    for (const { notes, held, generation } of before) {
      assert.ok(
        notes.held.every((partition) => held.includes(partition)),
        'what did not have to move stayed',
      );
      assert.ok(notes.generation > generation);
      assert.deepEqual(notes.heard.at(-2), { isLost: false });
    }
    const [first, ...others] = members as [TestMember, ...TestMember[]];
    await first.membership.leave();
    assert.deepEqual(first.notes.heard.at(-1), { isLost: false });
    await until(() => areShared(partitions, notesOf(others)));
  },
);

test('nothing is assigned anew before who had it has given it back, however long that takes', options, async (context) => {
  const topic = await newTopic(4);
  const gate = Promise.withResolvers<void>();
  const slow = await openMember(brokers, topic, () => gate.promise);
  context.after(() => slow.log.close());
  await until(() => slow.notes.held.length === 4);
  const other = await openMember(brokers, topic);
  context.after(() => other.log.close());
  // Longer than a session: the member says that it is there while it gives back.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  assert.deepEqual(other.notes.heard, []);
  gate.resolve();
  await until(() => areShared(4, notesOf([slow, other])));
  assert.ok(slow.notes.heard.every(({ isLost }) => isLost !== true));
});

test('kill -9 of a member: the other has its partitions when its session has run out', options, async (context) => {
  const topic = await newTopic();
  const member = await openMember(brokers, topic);
  context.after(() => member.log.close());
  const killed = spawnMember(brokers, topic);
  context.after(() => killed.child.kill('SIGKILL'));
  await until(() => areShared(partitions, [member.notes, killed.notes]));
  const startedMs = performance.now();
  killed.child.kill('SIGKILL');
  await until(() => member.notes.held.length === partitions);
  const tookMs = performance.now() - startedMs;
  context.diagnostic(`${Math.round(tookMs)} ms, with sessions of ${groupLimits.sessionTimeoutMs} ms`);
});

test(
  'a member that was stopped for longer than its session hears that it lost its partitions, and gets some anew',
  options,
  async (context) => {
    const topic = await newTopic();
    const member = await openMember(brokers, topic);
    context.after(() => member.log.close());
    const stopped = spawnMember(brokers, topic);
    context.after(() => stopped.child.kill('SIGKILL'));
    await until(() => areShared(partitions, [member.notes, stopped.notes]));
    stopped.child.kill('SIGSTOP');
    await until(() => member.notes.held.length === partitions);
    stopped.child.kill('SIGCONT');
    await until(() => areShared(partitions, [member.notes, stopped.notes]));
    assert.deepEqual(stopped.notes.heard.at(-2), { isLost: true });
    assert.ok(member.notes.heard.every(({ isLost }) => isLost !== true));
  },
);

test('commits: of a member for what it has; refused without harm of everybody else', options, async (context) => {
  const topic = await newTopic(2);
  const first = await openMember(brokers, topic);
  const outsider = await openKafkaLog({ brokers, topic, clock: makeManualClock(testEpochMs), logger: silentLogger });
  context.after(() => outsider.close());
  await until(() => first.notes.held.length === 2);
  const second = await openMember(brokers, topic);
  context.after(() => Promise.all([first.log.close(), second.log.close()]));
  await until(() => areShared(2, notesOf([first, second])));
  const [mine = -1] = first.notes.held;
  const [theirs = -1] = second.notes.held;
  await first.log.commitConsumer('projector', { partition: mine, offset: 3 });
  await second.log.commitConsumer('projector', { partition: theirs, offset: 4 });
  await assert.rejects(first.log.commitConsumer('projector', { partition: theirs, offset: 9 }), PartitionLostError);
  await assert.rejects(outsider.commitConsumer('projector', { partition: mine, offset: 9 }), PartitionLostError);
  assert.equal(await outsider.consumerPosition('projector', mine), 3);
  await first.membership.leave();
  await assert.rejects(first.log.commitConsumer('projector', { partition: mine, offset: 9 }), PartitionLostError);
});

test(
  'a member that the brokers threw out: its commit is refused, it hears that it lost everything, and joins again',
  options,
  async (context) => {
    const topic = await newTopic(2);
    const { log, notes } = await openMember(brokers, topic);
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers });
    context.after(() => Promise.all([admin.close(), log.close()]));
    await until(() => notes.held.length === 2);
    await admin.removeMembersFromConsumerGroup({ groupId: `${topic}.projector` });
    await assert.rejects(log.commitConsumer('projector', { partition: 0, offset: 1 }), PartitionLostError);
    await until(() => notes.held.length === 2 && notes.heard.length === 3);
    assert.deepEqual(notes.heard[1], { isLost: true });
    await log.commitConsumer('projector', { partition: 0, offset: 1 });
  },
);

test('Kafka’s own tool shows positions and lag of a group while it is active', options, async (context) => {
  const tools = ensureKafkaTools();
  if ('problem' in tools) {
    context.skip(tools.problem);
    return;
  }
  const topic = await newTopic(2);
  const { log, notes } = await openMember(brokers, topic);
  context.after(() => log.close());
  await until(() => notes.held.length === 2);
  for (const vehicleNo of range(1, 41)) await append(log, makeRecord({ seq: vehicleNo, vehicleNo }));
  for (const partition of notes.held) await log.commitConsumer('projector', { partition, offset: 3 + partition });
  const table = await describeGroup(tools.path, broker ?? '', `${topic}.projector`);
  const rows = table
    .split('\n')
    .filter((line) => line.startsWith(topic))
    .map((line) => line.trim().split(/\s+/));
  const seen = rows.map(([group, name, partition, at, end, lag, consumer]) => ({
    group,
    name,
    isHeld: consumer?.startsWith('milepost-'),
    figures: [partition, at, end, lag].map(Number),
  }));
  const expected = notes.held.map((partition) => {
    const [at, end] = [3 + partition, log.endOffset(partition)];
    return { group: `${topic}.projector`, name: topic, isHeld: true, figures: [partition, at, end, end - at] };
  });
  assert.deepEqual(
    seen.toSorted((a, b) => (a.figures[0] as number) - (b.figures[0] as number)),
    expected,
  );
});

test('a session that the brokers do not allow is a failure, not an endless try', options, async (context) => {
  const topic = await newTopic(1);
  const log = await openKafkaLog({
    brokers,
    topic,
    clock: makeManualClock(testEpochMs),
    logger: silentLogger,
    limits: { sessionTimeoutMs: 20, heartbeatMs: 10 },
  });
  context.after(() => log.close());
  const failed = Promise.withResolvers<Error>();
  log.join({ group: 'projector', assigned: () => {}, revoked: () => Promise.resolve(), failed: failed.resolve });
  assert.match(String((await failed.promise).message), /JoinGroup/);
});

test('kill -9 of the broker: members hear that they lost everything, and share it again by themselves when it is back', {
  timeout: 300_000,
}, async (context) => {
  const jars = ensureKafka();
  if ('problem' in jars) {
    context.skip(jars.problem);
    return;
  }
  const kafka = await startKafka(jars.path);
  const topic = 'members';
  await ensureTopic(testTopic([kafka.address], topic, partitions));
  const members = [await openMember([kafka.address], topic), await openMember([kafka.address], topic)];
  context.after(async () => {
    await Promise.all(members.map(({ log }) => log.close()));
    await kafka.remove();
  });
  await until(() => areShared(partitions, notesOf(members)));
  const before = members.map(({ notes }) => notes.generation);
  kafka.kill();
  await until(() => members.every(({ notes }) => notes.heard.at(-1)?.isLost === true));
  await kafka.start();
  const startedMs = performance.now();
  await until(() => areShared(partitions, notesOf(members)));
  context.diagnostic(`shared again ${Math.round(performance.now() - startedMs)} ms after the broker was ready`);
  assert.ok(members.every(({ notes }, i) => notes.generation > (before[i] as number)));
});
