import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallerError, OperationalError } from '../kernel/index.ts';
import { translateError, uniqueViolation } from './errors.ts';

const withCode = (code: string): Error => Object.assign(new Error('text of the driver'), { code });

describe('errors of PostgreSQL', () => {
  for (const code of ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', '08006', '53300', '57P01', '57P03']) {
    it(`${code} means that it is away`, () => {
      const error = translateError(withCode(code));
      assert.ok(error instanceof OperationalError);
      assert.equal(error.code, 'unavailable');
      assert.ok((error.details.retryAfterSeconds ?? 0) > 0);
      assert.doesNotMatch(error.message, /driver/);
    });
  }
  it('a broken connection without a code means that it is away', () => {
    assert.ok(translateError(new Error('Connection terminated unexpectedly')) instanceof OperationalError);
    assert.ok(translateError(new AggregateError([withCode('ECONNREFUSED')], 'every address')) instanceof OperationalError);
  });
  it('leaves what is no matter of the connection', () => {
    for (const error of [withCode('23505'), withCode('42P01'), withCode('57014'), new CallerError('not_found', 'no'), 'text']) {
      assert.equal(translateError(error), error);
    }
  });
  it('names the constraint that is not unique', () => {
    assert.equal(uniqueViolation(Object.assign(withCode('23505'), { constraint: 'vehicles_vin_key' })), 'vehicles_vin_key');
    assert.equal(uniqueViolation(withCode('23503')), undefined);
  });
});
