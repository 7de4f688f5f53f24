import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { engineProblem, startEngines } from './engines.ts';
import { type Cluster, startCluster } from './start-cluster.ts';

/** The configuration of docs/operate, tried as it is but for ports, names of files and the machine. */
const configuration = path.resolve(import.meta.dirname, '../../../docs/operate/nginx.conf');
const has = (program: string): boolean => spawnSync(program, ['-v']).error === undefined;
const problem = has('nginx') ? engineProblem() : 'nginx is not installed';
const host = 'milepost.example';
const imei = '490154203237518';
const triesMax = 100;
const pauseMs = 200;

const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
};

const startNginx = async ({ gateways, apis }: Cluster, folder: string) => {
  const port = await freePort();
  const [certificate, key] = [path.join(folder, 'tls.crt'), path.join(folder, 'tls.key')];
  const subject = ['-subj', `/CN=${host}`, '-days', '1', '-nodes', '-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject], { stdio: 'ignore' });
  const at = (list: Cluster['apis'], i: number): string => new URL(list[i % list.length]?.origin ?? '').host;
  const text = readFileSync(configuration, 'utf8')
    .replace('worker_processes auto;', 'worker_processes 1;')
    .replace('worker_rlimit_nofile 262144;\n', '')
    .replace('worker_connections 65536', 'worker_connections 512')
    .replace('/run/nginx.pid', path.join(folder, 'pid'))
    .replace('listen 443', `listen 127.0.0.1:${port}`)
    .replace('/etc/milepost/tls.crt', certificate)
    .replace('/etc/milepost/tls.key', key)
    .replace('127.0.0.1:8081', at(gateways, 0))
    .replace('    server 127.0.0.1:8082;\n', '')
    .replace('127.0.0.1:8091', at(apis, 0))
    .replace('    server 127.0.0.1:8092;\n', '');
  const file = path.join(folder, 'nginx.conf');
  writeFileSync(file, text);
  const args = ['-e', path.join(folder, 'error.log'), '-c', file];
  const check = spawnSync('nginx', ['-t', ...args], { encoding: 'utf8' });
  assert.equal(check.status, 0, check.stderr);
  const child = spawn('nginx', [...args, '-g', 'daemon off;'], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  return { port, stop };
};

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const ask = (port: number, method: string, address: string, token: string, body?: unknown): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = { host, authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) };
    const options = { host: '127.0.0.1', port, method, path: address, headers, rejectUnauthorized: false };
    const sent = request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => {
        const isJson = String(response.headers['content-type']).includes('json');
        resolve({ status: response.statusCode ?? 0, body: isJson ? (JSON.parse(text) as Answer['body']) : {} });
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });

/** Asks again until the answer has the status: nginx starts, a gateway hears of a device. */
const askUntil = async (status: number, ...wanted: Parameters<typeof ask>): Promise<Answer['body']> => {
  for (let tries = 1; ; tries++) {
    const answer = await ask(...wanted).catch(() => ({ status: 0, body: {} }));
    if (answer.status === status) return answer.body;
    assert.ok(tries < triesMax, `${wanted[2]}: ${answer.status} ${JSON.stringify(answer.body)}`);
    await wait(pauseMs);
  }
};

const connect = async (port: number, address: string, token: string): Promise<WebSocket> => {
  const headers = { host, authorization: `Bearer ${token}` };
  const socket = new WebSocket(`wss://127.0.0.1:${port}${address}`, { headers, rejectUnauthorized: false });
  await once(socket, 'open');
  return socket;
};

const nextMessage = async (socket: WebSocket, isWanted: (message: Record<string, unknown>) => boolean) => {
  for (;;) {
    const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    const message = isBinary ? {} : (JSON.parse(data.toString()) as Record<string, unknown>);
    if (isWanted(message)) return message;
  }
};

test('devices and viewers come through the nginx of docs/operate', { skip: problem ?? false, timeout: 300_000 }, async (t) => {
  const engines = await startEngines({ partitions: 4 });
  t.after(() => engines.stop());
  const cluster = await startCluster({
    engines,
    gateways: 1,
    projectors: 1,
    apis: 1,
    settings: { MILEPOST_PUBLIC_HOSTS: host },
  });
  t.after(() => cluster.close());
  const folder = mkdtempSync(path.join(tmpdir(), 'milepost-nginx-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { port, stop } = await startNginx(cluster, folder);
  t.after(stop);
  const operator = cluster.operatorToken;

  await askUntil(201, port, 'POST', '/v1/customers', operator, { name: 'Ada' });
  const vehicle = await askUntil(201, port, 'POST', '/v1/vehicles', operator, { vin: '1M8GDM9AXKP042788', customer: 'Ada' });
  const device = await askUntil(201, port, 'POST', '/v1/devices', operator, { imei, vehicleId: vehicle['id'] });
  const login = await askUntil(200, port, 'POST', '/v1/devices/login', '-', { imei, secret: device['secret'] });
  const token = String(login['token']);

  const viewer = await connect(port, '/v1/stream', operator);
  t.after(() => viewer.terminate());
  viewer.send(JSON.stringify({ subscribe: 'vehicle', id: vehicle['id'] }));
  const seen = nextMessage(viewer, ({ latest }) => latest !== undefined && 'Vehicle.Speed' in (latest as object));
  const socket = await connect(port, '/v1/devices/stream', token);
  t.after(() => socket.terminate());
  const acknowledged = nextMessage(socket, ({ ack }) => ack === 1);
  socket.send(JSON.stringify({ boot: 1, seq: 1, samples: [{ time: Date.now(), signals: { 'Vehicle.Speed': 50 } }] }));
  await acknowledged;
  assert.equal(((await seen)['latest'] as Record<string, { value: number }>)['Vehicle.Speed']?.value, 50);

  const sample = { time: Date.now(), signals: { 'Vehicle.Speed': 60 } };
  const stored = await askUntil(200, port, 'POST', '/v1/telemetry', token, { samples: [sample] });
  assert.equal(stored['stored'], 1);
  assert.equal((await ask(port, 'GET', '/metrics', operator)).status, 404);
  assert.equal((await ask(port, 'GET', '/readyz', operator)).status, 404);
});
