import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallerError } from '../kernel/index.ts';
import { systemRandom } from './ids.ts';
import { hashSecret, loadPepper, makeSecret, secretFits } from './secrets.ts';

const pepper = Buffer.alloc(32, 7);

describe('secrets of devices', () => {
  it('have at least 128 random bits and differ', () => {
    const secrets = Array.from({ length: 1000 }, () => makeSecret(systemRandom));
    assert.equal(new Set(secrets).size, secrets.length);
    for (const secret of secrets) assert.match(secret, /^[A-Za-z0-9_-]{32}$/);
  });
  it('fit their hash under the same pepper only', () => {
    const hash = hashSecret(pepper, 'right');
    assert.equal(secretFits(pepper, 'right', hash), true);
    assert.equal(secretFits(pepper, 'wrong', hash), false);
    assert.equal(secretFits(Buffer.alloc(32, 8), 'right', hash), false);
    assert.equal(secretFits(pepper, 'right', undefined), false);
  });
  it('a configured pepper is used as it is, a short one refused', async () => {
    const configured = 'p'.repeat(32);
    assert.deepEqual(await loadPepper({ file: '/nowhere/pepper', configured }), Buffer.from(configured));
    await assert.rejects(
      loadPepper({ file: '/nowhere/pepper', configured: 'short' }),
      (error) => error instanceof CallerError && error.code === 'invalid_field',
    );
  });
});
