import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { type Storage, systemActor } from '../storage/index.ts';
import { openTestStorage, type TestStorage } from '../storage/testing/test-storage.ts';
import { until } from '../storage/testing/wait.ts';
import { makeAuditMonths, writeAudit } from './index.ts';

const actor = systemActor('audit');
let database: TestStorage;
let another: Storage;

before(async () => {
  database = await openTestStorage('audit-months');
  another = await database.openAnother();
});
after(() => database.close());

const isWaiting = async (): Promise<boolean> => {
  const { rows } = await database.storage.withActor(actor, (tx) =>
    sql`select 1 from pg_locks where locktype = 'advisory' and not granted`.execute(tx),
  );
  return rows.length > 0;
};

/** Both find the months missing, and the second waits until the first has made them. */
const atOnce = async (
  first: (storage: Storage) => Promise<unknown>,
  second: (storage: Storage) => Promise<unknown>,
): Promise<void> => {
  let waiting: Promise<unknown> | undefined;
  await first({
    ...database.storage,
    withActor: (by, run) =>
      database.storage.withActor(by, async (tx) => {
        const answer = await run(tx);
        waiting = second(another);
        await until('the second waits', isWaiting);
        return answer;
      }),
  });
  await waiting;
};

test('two processes that make the same months at once both go on, of receipts like of the log', async () => {
  const make = (ms: number) => (storage: Storage) => storage.withActor(actor, (tx) => makeAuditMonths(tx, ms));
  await atOnce(make(Date.UTC(2099, 0)), make(Date.UTC(2099, 0)));
  await atOnce(make(Date.UTC(2099, 5)), make(Date.UTC(2099, 6)));
  // As receipts are written: who finds that a month is missing makes it.
  const makeReceipts = (storage: Storage) =>
    storage.withActor(actor, async (tx) => {
      const { rows } = await sql`select to_regclass('read_receipts_2099_01') is null as missing`.execute(tx);
      assert.deepEqual(rows, [{ missing: true }]);
      await sql`select make_receipt_months('2099-01-01', 1)`.execute(tx);
    });
  await atOnce(makeReceipts, makeReceipts);
});

test('two acts of a month that nobody has made yet are both written down', async () => {
  const act = { act: 'account_made', personNo: null, subject: 'one' } as const;
  const write = (storage: Storage) => storage.withActor(actor, (tx) => writeAudit(tx, act, Date.UTC(2089, 3, 4)));
  await atOnce(write, write);
  const { rows } = await database.storage.withActor({ kind: 'operator', id: 'test' }, (tx) =>
    sql`select 1 from audit_events where subject = 'one'`.execute(tx),
  );
  assert.equal(rows.length, 2);
});
