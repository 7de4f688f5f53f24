import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { BugError } from '../kernel/index.ts';
import { makeTotpSecrets } from './totp.ts';

const secrets = makeTotpSecrets(Buffer.alloc(32, 7));
const nowMs = Date.UTC(2026, 10, 22, 12);
const stepMs = 30_000;

test('what an app makes of the shown secret is taken, a step early or late, and once', () => {
  const { text, uri, sealed } = secrets.make('ana@example.com');
  assert.match(uri, /^otpauth:\/\/totp\/Milepost:ana%40example\.com\?/);
  const app = new TOTP({ secret: Secret.fromBase32(text) });
  const codeAt = (ms: number): string => app.generate({ timestamp: ms });
  const step = nowMs / stepMs;
  assert.equal(secrets.stepOf(sealed, codeAt(nowMs), nowMs, null), step);
  assert.equal(secrets.stepOf(sealed, codeAt(nowMs - stepMs), nowMs, null), step - 1);
  assert.equal(secrets.stepOf(sealed, codeAt(nowMs + stepMs), nowMs, null), step + 1);
  assert.equal(secrets.stepOf(sealed, codeAt(nowMs + 2 * stepMs), nowMs, null), undefined);
  assert.equal(secrets.stepOf(sealed, codeAt(nowMs), nowMs, step), undefined, 'used');
  assert.equal(secrets.stepOf(sealed, codeAt(nowMs - stepMs), nowMs, step), undefined, 'older than one that was used');
  const code = codeAt(nowMs);
  assert.equal(secrets.stepOf(sealed, `${code.slice(0, 3)} ${code.slice(3)}`, nowMs, null), step, 'as apps show it');
  for (const wrong of ['', '12345', 'abcdef', '1234567']) assert.equal(secrets.stepOf(sealed, wrong, nowMs, null), undefined);
});

test('RFC 6238, appendix B: the known codes of the known secret', () => {
  const app = new TOTP({ secret: Secret.fromUTF8('12345678901234567890'), digits: 8 });
  assert.equal(app.generate({ timestamp: 59_000 }), '94287082');
  assert.equal(app.generate({ timestamp: 1_111_111_109_000 }), '07081804');
});

test('under another pepper a stored secret cannot be read', () => {
  const { sealed, text } = secrets.make('x');
  assert.equal(Buffer.from(sealed).includes(Buffer.from(Secret.fromBase32(text).bytes)), false);
  assert.throws(() => makeTotpSecrets(Buffer.alloc(32, 8)).stepOf(sealed, '123456', nowMs, null), BugError);
});
