import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallerError, OperationalError } from '../kernel/index.ts';
import { peopleLimits } from './limits.ts';
import { checkPassword, hashCost, makePasswords } from './passwords.ts';

const cheap = makePasswords({ memoryKib: 64, passes: 1, parallelism: 1 });

test('a password fits its own hash alone, however its letters are composed', async () => {
  const hash = await cheap.hash('Gr\u00fc\u00dfe aus K\u00f6ln');
  assert.match(hash, /^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
  assert.equal(await cheap.fits('Gru\u0308\u00dfe aus Ko\u0308ln', hash), true);
  assert.equal(await cheap.fits('Gr\u00fc\u00dfe aus Koln', hash), false);
  assert.equal(await cheap.fits('', hash), false);
  assert.notEqual(await cheap.hash('Gr\u00fc\u00dfe aus K\u00f6ln'), hash, 'each has a salt of its own');
});

test('without a hash nothing fits, and neither with one that is no argon2id', async () => {
  for (const hash of [null, '', '$2b$10$abcdefghijklmnopqrstuv', '$argon2id$v=19$m=1$x$y'])
    assert.equal(await cheap.fits('whatever it may be', hash), false);
});

test('a hash is read by the costs that it names, and is weak when they are below those of today', async () => {
  const made = await makePasswords({ memoryKib: 64, passes: 2, parallelism: 1 }).hash('correct horse battery');
  const other = makePasswords(hashCost);
  assert.equal(await other.fits('correct horse battery', made), true, 'by the costs that it names');
  assert.equal(other.isWeak(made), true);
  assert.equal(cheap.isWeak(made), false);
});

test('more than what may wait is overloaded, and all others are served', async () => {
  const all = peopleLimits.hashingsMax + peopleLimits.hashingsWaitingMax;
  const waiting = Array.from({ length: all }, () => cheap.hash('one of very many'));
  await assert.rejects(cheap.hash('one too many'), (error) => error instanceof OperationalError && error.code === 'overloaded');
  assert.equal(new Set(await Promise.all(waiting)).size, all);
  assert.ok(await cheap.hash('and there is room again'));
});

test('a password is long, has more than a few letters, and is not the own name', () => {
  const refused = (password: string, own: string[] = []): string => {
    try {
      checkPassword('password', password, own);
      return '';
    } catch (error) {
      assert.ok(error instanceof CallerError);
      assert.equal(error.message.includes(password), false, 'the password is not told');
      return error.details.expected ?? '';
    }
  };
  assert.match(refused('elevenchars'), /12 to 256/);
  assert.match(refused('x'.repeat(257)), /12 to 256/);
  assert.match(refused('abababababab'), /five different/);
  assert.match(refused('ana.ruiz2026', ['Ana Ruiz', 'ana.ruiz']), /own name/);
  assert.equal(refused('the ruiz family car is blue', ['ruiz']), '');
  assert.equal(refused('correct horse battery'), '');
});
