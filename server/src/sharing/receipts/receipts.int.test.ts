import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { makeManualClock, silentLogger } from '../../kernel/index.ts';
import { type Actor, type Storage, systemActor } from '../../storage/index.ts';
import { openTestStorage, type TestStorage } from '../../storage/testing/test-storage.ts';
import { until } from '../../storage/testing/wait.ts';
import type { Holder } from '../grants/types.ts';
import { receiptLimits } from './limits.ts';
import { openReceipts, type Receipts } from './open-receipts.ts';
import type { ReceiptHolders, ReceiptQuery } from './store.ts';
import type { Receipt } from './types.ts';

const dayMs = 86_400_000;
/** A Wednesday, late. */
const startMs = Date.UTC(2026, 8, 30, 23, 59, 59);
const clock = makeManualClock(startMs);
const holders = new Map<number, Holder>();
const possession = { holderNow: (vehicleNo: number) => holders.get(vehicleNo) };
const system = systemActor('test');
const person = (personNo: number): Actor => ({ kind: 'person', id: String(personNo) });

let test1: TestStorage;
let one: Receipts;
let other: Receipts;

const open = (storage: Storage, days = 400): Promise<Receipts> =>
  openReceipts({ storage, clock, logger: silentLogger, possession, days });
const read = (changes: Partial<Receipt> = {}): Receipt => ({
  reader: { kind: 'app', appNo: 3 },
  vehicleNo: 1,
  items: ['energy'],
  channel: 'rest',
  atMs: clock.now(),
  ...changes,
});
const query = (changes: Partial<ReceiptQuery> = {}): ReceiptQuery => ({
  per: 'day',
  fromMs: startMs - 30 * dayMs,
  toMs: startMs + 30 * dayMs,
  limit: 100,
  ...changes,
});
const ofPerson = (personNo: number): ReceiptHolders => ({ personNo, customerNos: [] });
const list = async (personNo: number, changes: Partial<ReceiptQuery> = {}) =>
  (await one.list(person(personNo), ofPerson(personNo), query(changes))).map(
    ({ from, vehicleNo, readerKind, readerNo, item, channel, reads }) =>
      `${from} ${vehicleNo} ${readerKind} ${readerNo} ${item} ${channel} ${reads}`,
  );
const months = async (): Promise<string[]> => {
  const { rows } = await test1.storage.withActor(system, (tx) =>
    sql<{ name: string }>`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'read_receipts'::regclass order by 1`.execute(tx),
  );
  return rows.map(({ name }) => name.slice('read_receipts_'.length));
};

before(async () => {
  test1 = await openTestStorage('receipts');
  holders.set(1, { kind: 'person', personNo: 11 });
  holders.set(2, { kind: 'person', personNo: 12 });
  one = await open(test1.storage);
  other = await open(await test1.openAnother());
});
after(async () => {
  await one?.close();
  await other?.close();
  await test1?.close();
});

test('two processes add up, a moment later and by themselves', async () => {
  one.note(read());
  one.note(read({ items: ['energy', 'mileage'] }));
  other.note(read());
  other.note(read({ channel: 'stream' }));
  clock.advance(receiptLimits.flushEveryMs);
  await until('both have written', async () => (await list(11)).includes('2026-09-30 1 app 3 energy rest 3'));
  assert.deepEqual(await list(11), [
    '2026-09-30 1 app 3 energy rest 3',
    '2026-09-30 1 app 3 energy stream 1',
    '2026-09-30 1 app 3 mileage rest 1',
  ]);
});

test('a month that nobody made is made in the writing', async () => {
  const atMs = Date.UTC(2027, 4, 20);
  assert.ok(!(await months()).includes('2027_05'));
  one.note(read({ atMs }));
  await one.flush();
  assert.ok((await months()).includes('2027_05'));
  assert.deepEqual(await list(11, { fromMs: atMs, toMs: atMs + dayMs }), ['2027-05-20 1 app 3 energy rest 1']);
});

test('whoever has the vehicle later is told of later alone', async () => {
  holders.set(1, { kind: 'person', personNo: 12 });
  one.note(read({ items: ['tires'] }));
  holders.set(1, { kind: 'person', personNo: 11 });
  assert.deepEqual(await list(12), ['2026-10-01 1 app 3 tires rest 1']);
  assert.ok(!(await list(11)).some((row) => row.includes('tires')));
});

test('row-level security keeps the receipts of others, whatever is asked for', async () => {
  const all = (actor: Actor): Promise<string[]> =>
    test1.storage.withActor(actor, async (tx) => {
      const { rows } = await sql<{ no: number }>`select distinct holder_no as no from read_receipts order by 1`.execute(tx);
      return rows.map(({ no }) => String(no));
    });
  assert.deepEqual(await all(system), ['11', '12']);
  assert.deepEqual(await all(person(11)), ['11']);
  assert.deepEqual(await all(person(99)), []);
  assert.deepEqual(await all({ kind: 'app', id: '3' }), []);
  const bens: ReceiptHolders = { personNo: 12, customerNos: 'all' };
  assert.deepEqual(await one.list(person(11), bens, query()), []);
  const changed = await test1.storage.withActor(person(11), (tx) => sql`update read_receipts set reads = 1`.execute(tx));
  assert.equal(changed.numAffectedRows, 0n, 'nobody changes what was read');
});

test('weeks begin on Monday, and pages follow each other without a gap', async () => {
  const monday = Date.UTC(2026, 9, 5);
  for (let day = 0; day < 8; day++)
    for (const item of ['energy', 'tires']) one.note(read({ vehicleNo: 2, items: [item], atMs: monday + day * dayMs }));
  assert.deepEqual(await list(12, { per: 'week', vehicleNo: 2 }), [
    '2026-10-12 2 app 3 energy rest 1',
    '2026-10-12 2 app 3 tires rest 1',
    '2026-10-05 2 app 3 energy rest 7',
    '2026-10-05 2 app 3 tires rest 7',
  ]);
  const all = await one.list(person(12), ofPerson(12), query());
  const paged: typeof all = [];
  for (;;) {
    const page = await one.list(person(12), ofPerson(12), query({ limit: 3, after: paged.at(-1) }));
    paged.push(...page);
    if (page.length < 3) break;
  }
  assert.deepEqual(paged, all);
  assert.equal((await list(12, { item: 'tires', vehicleNo: 2 })).length, 8);
  assert.equal((await list(12, { reader: { kind: 'staff' } })).length, 0);
});

test('a batch whose answer was lost is not added twice', async () => {
  const { storage } = test1;
  let isLost = true;
  const losing: Storage = {
    ...storage,
    withActor: async (actor, run) => {
      const answer = await storage.withActor(actor, run);
      if (isLost && actor.id === 'receipts') {
        isLost = false;
        throw new Error('the connection was lost after the commit');
      }
      return answer;
    },
  };
  isLost = false;
  const third = await open(losing);
  isLost = true;
  third.note(read({ items: ['weight'] }));
  await assert.rejects(third.flush());
  third.note(read({ items: ['weight'] }));
  await third.close();
  assert.deepEqual(await list(11, { item: 'weight' }), ['2026-10-01 1 app 3 weight rest 2']);
});

test('what is counted when a process closes is written', async () => {
  const third = await open(await test1.openAnother());
  third.note(read({ items: ['status'] }));
  await third.close();
  assert.deepEqual(await list(11, { item: 'status' }), ['2026-10-01 1 app 3 status rest 1']);
});

test('what staff look at is one entry of the audit log within an hour, in whichever process', async () => {
  const entries = async (): Promise<number> => {
    const { rows } = await test1.storage.withActor(system, (tx) =>
      sql<{
        count: number;
      }>`select count(*)::int as count from audit_events where act = 'vehicle_read' and subject_person_no = 11`.execute(tx),
    );
    return rows[0]?.count ?? 0;
  };
  const look = { personNo: 5, ownerNo: 11, vehicleId: 'veh_1', items: ['position', 'driving'], address: '127.0.0.1' };
  await Promise.all([one.noteStaffLook(look), other.noteStaffLook(look), one.noteStaffLook(look)]);
  assert.equal(await entries(), 1);
  await other.noteStaffLook({ ...look, items: ['energy'] });
  assert.equal(await entries(), 2, 'what else they look at is another');
  await other.noteStaffLook({ ...look, personNo: null });
  assert.equal(await entries(), 3, 'and who else does');
  clock.advance(receiptLimits.staffReadMs + 1);
  await other.noteStaffLook(look);
  assert.equal(await entries(), 4);
});

test('whole months that are too old go', async () => {
  assert.ok((await months()).includes('2026_09'));
  clock.advance(62 * dayMs);
  const third = await open(await test1.openAnother(), 31);
  await third.close();
  assert.ok(!(await months()).includes('2026_09'), String(await months()));
  assert.ok((await months()).includes('2026_11'));
});
