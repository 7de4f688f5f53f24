import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { silentLogger, systemClock } from '../kernel/index.ts';
import { openRegistry } from '../registry/index.ts';
import { type Storage, systemActor } from '../storage/index.ts';
import { openTestStorage } from '../storage/testing/test-storage.ts';
import { until } from '../storage/testing/wait.ts';
import { appendLedger, joinLedgers, readLedger } from './ledger-file.ts';
import { openErasures } from './open-erasures.ts';
import { announceErasures, insertErasures } from './store.ts';
import { type Erasure, isErasedPerson } from './types.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'milepost-ledger-'));
after(() => rm(folder, { recursive: true, force: true }));

const erasure = (n: number, vehicleId = `veh_${n}`): Erasure => ({
  id: `era_${n}`,
  vehicleId,
  fromMs: n * 1000,
  toMs: n * 1000 + 500,
  requestedAtMs: 1_700_000_000_000 + n,
  why: n % 2 === 0 ? '' : 'asked for, "in words" and ünïcode',
});

test('what was appended is read back; a line that a crash cut off was never confirmed and makes place for the next', async () => {
  const file = path.join(folder, 'cut.ndjson');
  assert.deepEqual(await readLedger(file), []);
  await appendLedger(file, [erasure(1), erasure(2)]);
  await appendFile(file, '{"id":"era_3","veh');
  assert.deepEqual(await readLedger(file), [erasure(1), erasure(2)]);
  await appendLedger(file, [erasure(4)]);
  assert.deepEqual(await readLedger(file), [erasure(1), erasure(2), erasure(4)]);
});

test('people are in it beside vehicles', async () => {
  const file = path.join(folder, 'people.ndjson');
  const person = { id: 'pea_1', personId: 'per_1', requestedAtMs: 1_700_000_000_000 };
  await appendLedger(file, [erasure(1), person]);
  assert.deepEqual(await readLedger(file), [erasure(1), person]);
  const other = path.join(folder, 'people-joined.ndjson');
  assert.equal(await joinLedgers(other, [file, file]), 2);
  assert.deepEqual(await readLedger(other), [erasure(1), person]);
});

test('a ledger of version 1 is read', async () => {
  const ledger = await readLedger(path.join(import.meta.dirname, 'golden', 'erasures-v1.ndjson'));
  assert.deepEqual(
    ledger.map((line) => (isErasedPerson(line) ? [] : [line.id, line.vehicleId, line.fromMs, line.toMs, line.why])),
    [
      ['era_0123456789abcdef01234567', 'veh_0123456789abcdef', 0, 1_790_000_000_000, ''],
      [
        'era_76543210fedcba9876543210',
        'veh_0123456789abcdef',
        1_791_000_000_000,
        1_791_000_000_001,
        'the owner asked, "all of it": größer',
      ],
    ],
  );
});

test('a ledger of version 2, with people, is read', async () => {
  const ledger = await readLedger(path.join(import.meta.dirname, 'golden', 'erasures-v2.ndjson'));
  assert.deepEqual(ledger, [
    erasure(1),
    { id: 'pea_0123456789abcdef', personId: 'per_0123456789abcdef', requestedAtMs: 1_790_000_000_000 },
  ]);
});

test('a damaged line is refused and named, whichever character it is', async () => {
  const file = path.join(folder, 'damaged.ndjson');
  await appendLedger(file, [erasure(1), erasure(2), erasure(3)]);
  const text = await readFile(file, 'utf8');
  const second = text.indexOf('\n') + 1;
  for (let at = second; at < text.indexOf('\n', second); at += 7) {
    const other = text[at] === '0' ? '1' : '0';
    await writeFile(file, text.slice(0, at) + other + text.slice(at + 1));
    await assert.rejects(readLedger(file), /damaged in line 2/, `character ${at - second}`);
  }
});

test('ledgers are joined: each erasure once, missing files are empty', async () => {
  const [one, two] = [path.join(folder, 'one.ndjson'), path.join(folder, 'two.ndjson')];
  await appendLedger(one, [erasure(1), erasure(2)]);
  await appendLedger(two, [erasure(2), erasure(3)]);
  assert.equal(await joinLedgers(one, [two, path.join(folder, 'none'), two]), 1);
  assert.deepEqual(await readLedger(one), [erasure(1), erasure(2), erasure(3)]);
});

test('a start joins the file and the database; a vehicle that the registry does not know waits in the file', async () => {
  const opened = await openTestStorage('erasure');
  try {
    const base = { clock: systemClock, logger: silentLogger };
    const registry = await openRegistry({ storage: opened.storage, pepper: Buffer.alloc(32, 1), ...base });
    const vehicle = await registry.createVehicle({ vin: 'WVWZZZ1JZ00000001', customer: 'Erasure' });
    const file = path.join(folder, 'joined.ndjson');
    await appendLedger(file, [erasure(1, vehicle.id), erasure(2, 'veh_unknown')]);
    const options = { storage: opened.storage, registry, file, ...base };
    let isBroken = false;
    const storage: Storage = {
      ...opened.storage,
      withActor: (actor, run) =>
        isBroken ? Promise.reject(new Error('the connection broke')) : opened.storage.withActor(actor, run),
    };
    const first = await openErasures({ ...options, storage });
    assert.deepEqual(first.periods(), [{ vehicleNo: vehicle.vehicleNo, fromMs: 1000, toMs: 1500 }]);
    assert.equal(first.unknownCount(), 1);
    const heard: unknown[] = [];
    first.onErased((period) => heard.push(period));
    const made = await first.erase({ vehicleId: vehicle.id, fromMs: 5000, toMs: 6000, why: 'test' });
    assert.deepEqual(heard, [{ vehicleNo: vehicle.vehicleNo, fromMs: 5000, toMs: 6000 }]);
    assert.ok(first.isErased(vehicle.vehicleNo, 5000) && !first.isErased(vehicle.vehicleNo, 6000));

    // Another process erases, too: it is heard, and written beside.
    const elsewhere = await openErasures({ ...options, file: path.join(folder, 'elsewhere.ndjson') });
    const inTime = Promise.withResolvers<unknown>();
    first.onErased(inTime.resolve);
    const other = await elsewhere.erase({ vehicleId: vehicle.id, fromMs: 7000, toMs: 8000 });
    assert.deepEqual(await inTime.promise, { vehicleNo: vehicle.vehicleNo, fromMs: 7000, toMs: 8000 });
    assert.ok(first.isErased(vehicle.vehicleNo, 7500));

    // What could not be read when it was heard of is read again.
    const third = { ...erasure(9, vehicle.id), requestedAtMs: Date.now() };
    isBroken = true;
    await opened.storage.withActor(systemActor('test'), async (tx) => {
      await insertErasures(tx, [third]);
      await announceErasures(tx);
    });
    await first.catchUp();
    assert.ok(!first.isErased(vehicle.vehicleNo, 9000));
    isBroken = false;
    await until('it is read again', () => first.isErased(vehicle.vehicleNo, 9000));
    await elsewhere.close();
    await first.close();

    // The database has it all; the file is lost, as when only the database was restored.
    await rm(file);
    const second = await openErasures(options);
    assert.deepEqual(await readLedger(file), [erasure(1, vehicle.id), made, other, third]);
    assert.deepEqual(second.list(vehicle.id), [erasure(1, vehicle.id), made, other, third]);
    await assert.rejects(second.erase({ vehicleId: 'veh_unknown' }), /no vehicle/);
    await assert.rejects(second.erase({ vehicleId: vehicle.id, fromMs: 10, toMs: 10 }), /expected a moment after from/);
    await second.close();
    await registry.close();
  } finally {
    await opened.close();
  }
});
