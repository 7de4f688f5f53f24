import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isLoopback, isNetwork, makeClientDoor } from './client-door.ts';

const from = (remoteAddress: string, headers: Record<string, string> = {}, encrypted = false) => ({
  headers,
  socket: { remoteAddress, encrypted },
});
const door = makeClientDoor({ proxies: ['10.0.0.0/24', '192.0.2.1', '2001:db8:1::/48'], isProxyNeeded: true });

test('of a proxy that is believed the client is the last address that is no proxy', () => {
  const addressOf = (peer: string, forwarded: string): string =>
    door.clientOf(from(peer, { 'x-forwarded-for': forwarded })).address;
  assert.equal(addressOf('10.0.0.7', '203.0.113.9'), '203.0.113.9');
  assert.equal(addressOf('::ffff:10.0.0.7', '203.0.113.9'), '203.0.113.9');
  assert.equal(
    addressOf('10.0.0.7', '198.51.100.1, 203.0.113.9'),
    '203.0.113.9',
    'what a client wrote itself counts for nothing',
  );
  assert.equal(addressOf('10.0.0.7', '203.0.113.9, 192.0.2.1 ,10.0.0.8'), '203.0.113.9');
  assert.equal(addressOf('2001:db8:1::5', '2001:db8:2::9'), '2001:db8:2::9');
  assert.equal(addressOf('10.0.0.7', ''), '10.0.0.7');
  assert.equal(addressOf('10.0.0.7', 'unknown'), '10.0.0.7');
  assert.equal(addressOf('10.0.0.7', '203.0.113.9, <script>'), '10.0.0.7');
});

test('https is what the connection is, or what a proxy that is believed says', () => {
  const isHttps = (peer: string, says: string, encrypted = false): boolean =>
    door.clientOf(from(peer, { 'x-forwarded-proto': says }, encrypted)).isHttps;
  assert.deepEqual(
    [isHttps('10.0.0.7', 'https'), isHttps('10.0.0.7', 'HTTP, https'), isHttps('10.0.0.7', 'http')],
    [true, true, false],
  );
  assert.equal(isHttps('127.0.0.1', 'https'), false);
  assert.equal(isHttps('127.0.0.1', 'http', true), true);
});

test('where a proxy is needed nobody else is let in from outside, whatever their headers say', () => {
  const forged = { 'x-forwarded-for': '10.0.0.7', 'x-forwarded-proto': 'https' };
  assert.throws(() => door.clientOf(from('203.0.113.9', forged)), { code: 'forbidden' });
  assert.throws(() => door.clientOf(from('', forged)), { code: 'forbidden' });
  assert.deepEqual(door.clientOf(from('127.0.0.1', forged)), { address: '127.0.0.1', isHttps: false });
});

test('without proxies no header changes anything', () => {
  const open = makeClientDoor();
  fc.assert(
    fc.property(fc.ipV4(), fc.string(), fc.string(), (peer, forwarded, proto) => {
      const { address, isHttps } = open.clientOf(from(peer, { 'x-forwarded-for': forwarded, 'x-forwarded-proto': proto }));
      assert.deepEqual([address, isHttps], [peer, false]);
    }),
  );
});

test('networks are addresses with or without bits', () => {
  for (const text of ['10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32', '0.0.0.0/0']) assert.equal(isNetwork(text), true, text);
  for (const text of ['', 'localhost', '10.0.0', '10.0.0.0/33', '::/129', '10.0.0.0/8/8', '10.0.0.0/', '10.0.0.0/-1'])
    assert.equal(isNetwork(text), false, text);
  for (const host of ['localhost', '127.0.0.1', '127.8.9.1', '::1']) assert.equal(isLoopback(host), true, host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'example']) assert.equal(isLoopback(host), false, host);
});
