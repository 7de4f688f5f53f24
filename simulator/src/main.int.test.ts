import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OperatorClient } from '@milepost/sdk';

const operatorToken = 'a-token-for-the-simulator-test';
const folder = mkdtempSync(join(tmpdir(), 'milepost-simulator-'));
const serverProgram = fileURLToPath(new URL('../../server/src/app/main.ts', import.meta.url));
const simulatorProgram = fileURLToPath(new URL('./main.ts', import.meta.url));
const running = new Set<ChildProcess>();
let origin = '';
let operator: OperatorClient;

const start = (program: string, args: readonly string[], environment: Record<string, string>): ChildProcess => {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], MILEPOST_OPERATOR_TOKEN: operatorToken, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
};

/** The first match of a pattern in what a process prints; fails when it ends before. */
const said = (child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> =>
  new Promise((resolve, reject) => {
    let text = '';
    const read = (data: Buffer): void => {
      text += data.toString('utf8');
      const match = pattern.exec(text);
      if (match) resolve(match);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });

const simulate = (data: string): ChildProcess =>
  start(
    simulatorProgram,
    ['--server', origin, '--data', join(folder, data), '--vehicles', '3', '--buses', '2', '--from', '10m'],
    {},
  );

const end = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 0);
};

before(async () => {
  const server = start(serverProgram, ['--mode=serve'], { MILEPOST_PORT: '0', MILEPOST_DATA: join(folder, 'server') });
  origin = (await said(server, /ready at (http:\S+)/))[1] ?? '';
  operator = new OperatorClient(origin, operatorToken);
});

after(async () => {
  await Promise.all([...running].map(end));
  rmSync(folder, { recursive: true, force: true });
});

test('the fleet is seeded, back-filled, live, and says goodbye', async () => {
  const simulator = simulate('first');
  await said(simulator, /Simulator: 5 vehicles are reporting/);
  const counts = await operator.call('countVehicles');
  assert.deepEqual(counts.byStatus, { never_seen: 0, online: 5, late: 0, offline: 0 });
  assert.equal(statSync(join(folder, 'first', 'simulator.json')).mode & 0o777, 0o600);

  const { items } = await operator.call('listVehicles', { query: { warning: 'tire_pressure_low' } });
  assert.deepEqual(
    items.map((vehicle) => vehicle.plate),
    ['20074 A 1'],
  );
  const id = (await operator.call('listVehicles', { query: { q: '20000' } })).items[0]?.id ?? '';
  const now = Date.now();
  const history = await operator.call('readHistory', {
    id,
    query: { signals: 'Vehicle.Speed', from: String(now - 590_000), to: String(now - 10_000), step: '580' },
  });
  assert.match(JSON.stringify(history), /"count":\[\d+/);

  const asked = Date.now();
  await end(simulator);
  assert.ok(Date.now() - asked < 2000);
  assert.equal((await operator.call('countVehicles')).byStatus.offline, 5);
});

test('a second run uses the same vehicles, also when the secrets are lost', async () => {
  for (const data of ['first', 'second']) {
    const simulator = simulate(data);
    await said(simulator, /Simulator: 5 vehicles are reporting/);
    const counts = await operator.call('countVehicles');
    assert.equal(counts.total, 5);
    assert.equal(counts.byStatus.online, 5);
    await end(simulator);
  }
});
