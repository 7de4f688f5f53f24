import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeManualClock } from '../kernel/index.ts';
import { systemRandom } from '../registry/index.ts';
import { makeChallenges } from './challenges.ts';
import { peopleLimits } from './limits.ts';

const clock = makeManualClock(1_795_000_000_000);
const pepper = Buffer.alloc(32, 7);
const challenges = makeChallenges(pepper, clock, systemRandom);

test('a challenge is known again for what and whom it was made, in whichever process, and not for long', () => {
  const text = challenges.make('sign_in', 'a browser').toString('base64url');
  const known = makeChallenges(pepper, clock, systemRandom).check(text, 'sign_in', 'a browser');
  assert.equal(known?.expiresMs, clock.now() + peopleLimits.challengeLifetimeMs);
  assert.equal(challenges.check(text, 'confirm', 'a browser'), undefined);
  assert.equal(challenges.check(text, 'sign_in', 'another'), undefined);
  assert.equal(makeChallenges(Buffer.alloc(32, 8), clock, systemRandom).check(text, 'sign_in', 'a browser'), undefined);
  assert.notEqual(text, challenges.make('sign_in', 'a browser').toString('base64url'));
  clock.advance(peopleLimits.challengeLifetimeMs);
  assert.equal(challenges.check(text, 'sign_in', 'a browser'), undefined);
});

test('any changed byte makes it unknown, and so does anything that was not made here', () => {
  const bytes = challenges.make('add', 'ses_1');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ change;
      assert.equal(challenges.check(changed.toString('base64url'), 'add', 'ses_1'), undefined);
    }),
  );
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => challenges.check(text, 'add', 'ses_1') === undefined));
});
