import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { type Clock, silentLogger, systemClock } from '../kernel/index.ts';
import { makeTestCa, type TestCa } from '../protocols/testing/certificates.ts';
import { until } from '../storage/testing/wait.ts';
import { readConfiguration } from './settings.ts';
import { type RunningServer, startServer } from './start-server.ts';
import { tlsFilesCheckMs } from './tls-files.ts';

/** Of this machine, as are all of 127.0.0.0/8: what is believed of the one is not believed of the other. */
const proxy = '127.0.0.2';
const stranger = '127.0.0.3';
const account = { email: 'root@example.com', name: 'Root', password: 'correct horse battery' };
const publicOrigin = 'https://milepost.example';
let folder: string;
let ca: TestCa;
let server: RunningServer;
let lookAtFiles: () => void = () => {};

const writeCertificate = async (name: string): Promise<void> => {
  const { certificate, key } = await ca.issue({
    subject: `CN=${name}`,
    ip: ['127.0.0.1'],
    dns: ['milepost.example'],
    usage: 'server',
  });
  await Promise.all([writeFile(join(folder, 'web.pem'), certificate), writeFile(join(folder, 'web.key'), key)]);
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milepost-reach-'));
  ca = await makeTestCa('CA');
  await writeCertificate('first');
  const clock: Clock = {
    ...systemClock,
    after: (delayMs, callback) => {
      if (delayMs !== tlsFilesCheckMs) return systemClock.after(delayMs, callback);
      lookAtFiles = callback;
      return () => {};
    },
  };
  const configuration = readConfiguration({
    MILEPOST_DATA: join(folder, 'data'),
    MILEPOST_PORT: '0',
    MILEPOST_HOST: '0.0.0.0',
    MILEPOST_TLS_CERTIFICATE: join(folder, 'web.pem'),
    MILEPOST_TLS_KEY: join(folder, 'web.key'),
    MILEPOST_TRUSTED_PROXIES: proxy,
    MILEPOST_PUBLIC_URL: publicOrigin,
    MILEPOST_DISK_RESERVE_MIB: '0',
  });
  const failed = (error: Error): void => assert.fail(error);
  server = await startServer({ configuration, clock, logger: silentLogger, isDemo: false, failed });
});
after(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: Record<string, unknown> & { readonly items?: readonly Record<string, unknown>[] };
  readonly certificate: string;
}

const ask = (
  method: string,
  path: string,
  { body, headers = {}, from = '127.0.0.1' }: { body?: object; headers?: Record<string, string>; from?: string } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      `${server.origin}${path}`,
      {
        method,
        localAddress: from,
        ca: ca.certificate,
        servername: 'milepost.example',
        agent: false,
        headers: {
          host: 'milepost.example',
          origin: publicOrigin,
          ...(body ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
      },
      (response) => {
        const certificate = (response.socket as TLSSocket).getPeerCertificate().subject.CN as string;
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const json = text === '' ? {} : (JSON.parse(text) as Answer['json']);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, json, certificate });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });

let cookie = '';

test('with a certificate of its own it is https on every address, for browsers and streams, and says so', async () => {
  assert.match(server.origin, /^https:\/\/127\.0\.0\.1:\d+$/);
  const link = server.signInLink?.() ?? '';
  assert.ok(link.startsWith(`${publicOrigin}/signin?code=`), link);
  const code = new URL(link).searchParams.get('code') as string;
  const made = await ask('POST', '/v1/first-operator', { body: { code, ...account } });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  const [set = ''] = made.headers['set-cookie'] ?? [];
  assert.match(set, /; Secure$/);
  cookie = set.split(';')[0] as string;
  assert.equal(made.headers['strict-transport-security'], 'max-age=31536000');
  const { host } = new URL(server.origin);
  const byAddress = await ask('GET', '/v1/ways-in', { headers: { host } });
  assert.deepEqual([byAddress.status, byAddress.json['passkeyOrigin']], [200, publicOrigin]);
  const bound = await ask('GET', '/v1/ways-in', { headers: { host: 'evil.example' } });
  assert.equal(bound.json['code'], 'forbidden_origin');

  const address = `${server.origin.replace('https', 'wss')}/v1/stream`;
  const headers = { cookie, origin: publicOrigin, host: 'milepost.example' };
  const socket = new WebSocket(address, { ca: ca.certificate, servername: 'milepost.example', headers } as object);
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  socket.terminate();
});

test('who is behind the proxy is who it says; what others write into the same headers counts for nothing', async () => {
  const addressFrom = async (from: string, forwarded: string): Promise<unknown> => {
    const headers = { 'x-forwarded-for': forwarded };
    const { email: login, password } = account;
    const signedIn = await ask('POST', '/v1/session', { from, headers, body: { login, password } });
    const [own = ''] = signedIn.headers['set-cookie']?.[0]?.split(';') ?? [];
    const { json } = await ask('GET', '/v1/me/sessions', { headers: { cookie: own } });
    return json.items?.find((one) => one['isThisOne'])?.['address'];
  };
  assert.equal(await addressFrom(proxy, '203.0.113.9'), '203.0.113.9');
  assert.equal(await addressFrom(proxy, '198.51.100.66, 203.0.113.9'), '203.0.113.9');
  assert.equal(await addressFrom(stranger, '203.0.113.9'), stranger);
});

test('who fails too often waits; who comes through the same proxy from elsewhere does not', async () => {
  const tryIt = async (client: string, password: string, from = proxy): Promise<number> => {
    const headers = { 'x-forwarded-for': client };
    return (await ask('POST', '/v1/session', { from, headers, body: { login: account.email, password } })).status;
  };
  for (let i = 0; i < 5; i++) assert.equal(await tryIt('203.0.113.77', 'wrong horse battery'), 401);
  assert.equal(await tryIt('203.0.113.77', account.password), 429);
  assert.equal(await tryIt('203.0.113.78', account.password), 200);
  for (let i = 0; i < 5; i++) assert.equal(await tryIt(`203.0.113.${80 + i}`, 'wrong horse battery', stranger), 401);
  assert.equal(await tryIt('203.0.113.99', account.password, stranger), 429, 'a forged address is not another one');
  const device = (client: string) =>
    ask('POST', '/v1/devices/login', {
      from: proxy,
      headers: { 'x-forwarded-for': client },
      body: { imei: '350000000000017', secret: 'x'.repeat(32) },
    });
  let last = 401;
  for (let i = 0; i < 30 && last === 401; i++) last = (await device('203.0.113.120')).status;
  assert.equal(last, 429);
  assert.equal((await device('203.0.113.121')).status, 401, 'devices as well');
});

test('a certificate that is renewed counts for the next connection', async () => {
  assert.equal((await ask('GET', '/v1/ways-in')).certificate, 'first');
  await writeCertificate('second');
  lookAtFiles();
  await until('the new certificate is shown', async () => (await ask('GET', '/v1/ways-in')).certificate === 'second');
});
