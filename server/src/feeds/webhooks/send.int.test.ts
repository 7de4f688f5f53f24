import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { webhookLimits } from '../limits.ts';
import { checkWebhookAddress, isPublicAddress, retryDelayMs, sendOnce } from './send.ts';

const strict = { mayReachPrivate: false };

test('addresses of this machine, its networks and what is reserved are not public, in whatever clothes', () => {
  const private_ = [
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '224.0.0.1',
  ];
  const six = [
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    'ff02::1',
  ];
  for (const address of [...private_, ...six, 'example.org', '']) assert.equal(isPublicAddress(address), false, address);
  for (const address of ['8.8.8.8', '93.184.216.34', '2606:4700:4700::1111'])
    assert.equal(isPublicAddress(address), true, address);
});

test('only https addresses of the public internet are taken', () => {
  assert.equal(checkWebhookAddress('https://example.org/hook', strict), 'https://example.org/hook');
  const others = [
    'http://example.org/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://a:b@example.org/',
    'ftp://example.org/',
    'nonsense',
  ];
  for (const address of others) assert.throws(() => checkWebhookAddress(address, strict), address);
});

test('the address that a name leads to is looked at when it is connected to, and redirects are not followed', async () => {
  let heard = 0;
  const receiver = createServer((_request, response) => {
    heard++;
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  try {
    for (const host of ['localhost', '127.0.0.1', '[::ffff:127.0.0.1]']) {
      const sent = await sendOnce(`http://${host}:${port}/`, '{}', {}, strict);
      assert.equal(sent.status, null, host);
      assert.match(sent.error ?? '', /not public/, host);
    }
    assert.equal(heard, 0);
    assert.deepEqual(await sendOnce(`http://127.0.0.1:${port}/`, '{}', {}, { mayReachPrivate: true }), {
      status: 307,
      error: 'answered 307',
    });
    assert.equal(heard, 1);
  } finally {
    receiver.close();
  }
});

test('attempts are further and further apart, up to an hour, and never all at one moment', () => {
  assert.deepEqual([retryDelayMs(1, 1), retryDelayMs(2, 1), retryDelayMs(3, 0)], [5000, 10_000, 10_000]);
  assert.equal(retryDelayMs(60, 1), webhookLimits.retryMsMax);
});
