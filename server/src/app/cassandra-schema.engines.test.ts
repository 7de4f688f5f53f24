import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from 'cassandra-driver';

const node = process.env['TEST_CASSANDRA'];
const program = fileURLToPath(new URL('./cassandra-schema-main.ts', import.meta.url));

const run = (...args: string[]): Promise<{ code: number; output: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: `${stdout}${stderr}` }),
    );
  });

test('the command makes keyspace and tables, checks them, and says what is wrong', {
  skip: node ? false : 'no Cassandra',
}, async () => {
  const keyspace = `command_${randomUUID().replaceAll('-', '')}`;
  const common = ['--nodes', node ?? '', '--datacenter', 'datacenter1', '--keyspace', keyspace, '--copies', '1'];
  assert.deepEqual(await run(...common, '--check'), { code: 1, output: `there is no keyspace ${keyspace}\n` });
  assert.deepEqual(await run(...common, '--groups', '8'), {
    code: 0,
    output: `${keyspace} is made, for 8 partitions of the log\n${keyspace} is as it has to be\n`,
  });
  assert.deepEqual(await run(...common, '--groups', '8', '--car-logs', '--check'), {
    code: 1,
    output: `there is no table ${keyspace}.car_logs\n`,
  });
  assert.deepEqual(await run(...common, '--groups', '8', '--car-logs'), {
    code: 0,
    output: `${keyspace} is made, for 8 partitions of the log\n${keyspace} is as it has to be\n`,
  });
  const client = new Client({ contactPoints: [node ?? ''], localDataCenter: 'datacenter1' });
  await client.execute(`ALTER TABLE ${keyspace}.chunk WITH compaction = {'class': 'SizeTieredCompactionStrategy'}`);
  await client.execute(`ALTER TABLE ${keyspace}.status DROP reason`);
  const other = await run(...common, '--groups', '4', '--check', '--copies', '3');
  await client.execute(`DROP KEYSPACE ${keyspace}`);
  await client.shutdown();
  assert.deepEqual(other, {
    code: 1,
    output: `${keyspace} keeps 1 copies in datacenter1, expected 3
compaction of ${keyspace}.chunk is SizeTieredCompactionStrategy, expected TimeWindowCompactionStrategy
${keyspace}.status.reason is missing, expected int
groups of ${keyspace} is 8, expected 4: it cannot be changed
`,
  });
  for (const [wrong, says] of [
    [['--nodes', 'here'], /--nodes has here, expected host:port/],
    [['--nodes', '127.0.0.1:1'], /--datacenter is missing/],
    [[...common, '--keyspace', 'Not this'], /--keyspace is Not this, expected small letters/],
    [[...common, '--user', 'me'], /--user is me, CASSANDRA_PASSWORD is missing/],
    [['--nodes', '127.0.0.1:1', '--datacenter', 'x'], /Cassandra: 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/],
  ] as const) {
    const { code, output } = await run(...wrong, '--check');
    assert.equal(code, 1);
    assert.match(output, says);
  }
});
