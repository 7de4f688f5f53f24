import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const broker = process.env['TEST_KAFKA'];
const program = fileURLToPath(new URL('./kafka-topics-main.ts', import.meta.url));

const run = (...args: string[]): Promise<{ code: number; output: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: `${stdout}${stderr}` }),
    );
  });

test('the command makes the topic, checks it, and says what is wrong', { skip: broker ? false : 'no Kafka' }, async () => {
  const topic = `command-${randomUUID()}`;
  const common = ['--brokers', broker ?? '', '--topic', topic, '--replicas', '1'];
  assert.deepEqual(await run(...common, '--check'), { code: 1, output: `there is no topic ${topic}\n` });
  assert.deepEqual(await run(...common, '--partitions', '8'), {
    code: 0,
    output: `${topic} is made, with 8 partitions\n${topic} is as it has to be\n`,
  });
  const other = await run(...common, '--partitions', '4', '--check');
  assert.deepEqual(other, { code: 1, output: `${topic} has 8 partitions, expected 4: it cannot be changed\n` });
  const withExport = [...common, '--partitions', '8', '--export-topic', `${topic}.export`];
  assert.deepEqual(await run(...withExport), {
    code: 0,
    output: [
      `${topic} is as it has to be`,
      `${topic}.export is made, with 8 partitions`,
      `${topic}.export is as it has to be\n`,
    ].join('\n'),
  });
  for (const [wrong, says] of [
    [[...common, '--export-topic', topic], /expected another one than that of the log/],
    [['--brokers', 'here'], /--brokers has here, expected host:port/],
    [[...common, '--partitions', '7'], /--partitions is 7, expected a power of two/],
    [[...common, '--in-sync-min', '2'], /--in-sync-min is 2, expected at most --replicas, which is 1/],
    [['--brokers', '127.0.0.1:1'], /Kafka at 127\.0\.0\.1:1 cannot be used: connect ECONNREFUSED/],
  ] as const) {
    const { code, output } = await run(...wrong);
    assert.equal(code, 1);
    assert.match(output, says);
  }
});
