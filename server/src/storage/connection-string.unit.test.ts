import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallerError } from '../kernel/index.ts';
import { parseDatabaseUrl } from './connection-string.ts';

describe('DATABASE_URL', () => {
  it('reads host, port, user, password and database', () => {
    assert.deepEqual(parseDatabaseUrl('postgres://me:p%40ss@db.example:6432/milepost'), {
      host: 'db.example',
      port: 6432,
      user: 'me',
      password: 'p@ss',
      database: 'milepost',
    });
    assert.equal(parseDatabaseUrl('postgresql://me@localhost/db').port, 5432);
  });
  it('reads the folder of a socket', () => {
    assert.equal(parseDatabaseUrl('postgres://me:x@localhost/db?host=/run/postgresql').host, '/run/postgresql');
  });
  for (const text of ['', 'mysql://me@host/db', 'postgres://host/db', 'postgres://me:secret@host', 'host=a dbname=b']) {
    it(`refuses ${JSON.stringify(text)} without showing it`, () => {
      assert.throws(
        () => parseDatabaseUrl(text),
        (error) =>
          error instanceof CallerError &&
          error.details.field === 'DATABASE_URL' &&
          !JSON.stringify(error.details).includes('secret'),
      );
    });
  }
});
