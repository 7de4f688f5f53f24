import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallerError, makeLogger, makeManualClock, silentLogger } from '../kernel/index.ts';
import type { NewSecret, Registry } from '../registry/index.ts';
import { fetchFailuresByAddress, fetchFailuresByImeiAndAddress, makeFetchSecret } from './fetch-secret.ts';

const imei = '490154203237518';
const answer = { device: { id: 'dev_1' }, secret: 's' } as NewSecret;

/** Of the registry only what a fetch asks it: one IMEI has an open window. */
const registry = {
  credentials: { fetchSecret: (asked: string) => Promise.resolve(asked === imei ? answer : undefined) },
  catchUp: () => Promise.resolve(),
} as unknown as Registry;

const codeOf = async (fetched: Promise<unknown>): Promise<string> =>
  fetched.then(
    () => 'fetched',
    (error: unknown) => (error as CallerError).code,
  );

describe('fetching a secret', () => {
  it('is limited for an IMEI from an address; the limit comes before the look', async () => {
    const clock = makeManualClock(0);
    const fetch = makeFetchSecret(registry, clock, silentLogger);
    const other = '350000000000017';
    for (let i = 0; i < fetchFailuresByImeiAndAddress.failuresMax; i++)
      assert.equal(await codeOf(fetch(other, '10.0.0.1')), 'unauthorized');
    assert.equal(await codeOf(fetch(other, '10.0.0.1')), 'too_many_failures');
    assert.equal(await codeOf(fetch(imei, '10.0.0.1')), 'fetched', 'another IMEI has a count of its own');
    assert.equal(await codeOf(fetch(other, '10.0.0.2')), 'unauthorized', 'so has another address');
    clock.advance(fetchFailuresByImeiAndAddress.windowMs);
    assert.equal(await codeOf(fetch(other, '10.0.0.1')), 'unauthorized');
  });

  it('is limited for an address over all IMEIs, also when the next one is right', async () => {
    const clock = makeManualClock(0);
    const logged: string[] = [];
    const fetch = makeFetchSecret(
      registry,
      clock,
      makeLogger('warn', (line) => logged.push(line)),
    );
    for (let i = 0; i < fetchFailuresByAddress.failuresMax; i++)
      assert.equal(await codeOf(fetch(String(350_000_000_000_000 + i), '2001:db8::1')), 'unauthorized');
    clock.advance(10_000);
    await assert.rejects(fetch(imei, '2001:db8::ffff'), (error) => {
      assert.ok(error instanceof CallerError);
      assert.deepEqual([error.code, error.details.retryAfterSeconds], ['too_many_failures', 50]);
      return true;
    });
    assert.equal(logged.length, 1, 'who runs the server can see it');
    assert.equal(await codeOf(fetch(imei, '2001:db8:0:1::1')), 'fetched', 'another network');
    clock.advance(50_000);
    assert.equal(await codeOf(fetch(imei, '2001:db8::1')), 'fetched');
  });
});
