import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { makeManualClock, OperationalError, silentLogger } from '../kernel/index.ts';
import { type Storage, systemActor } from '../storage/index.ts';
import { openTestStorage, type TestStorage } from '../storage/testing/test-storage.ts';
import { until } from '../storage/testing/wait.ts';
import { openRegistry } from './open-registry.ts';
import type { Registry } from './types.ts';

const startMs = Date.UTC(2026, 10, 20, 12);

describe('the registry of several processes', { timeout: 600_000 }, () => {
  const clock = makeManualClock(startMs);
  let test: TestStorage;
  let one: Registry;
  let other: Registry;
  before(async () => {
    test = await openTestStorage('other-processes');
    const open = async (): Promise<Registry> => {
      const storage = await test.openAnother();
      return openRegistry({ storage, pepper: Buffer.alloc(32, 1), clock, logger: silentLogger });
    };
    [one, other] = [await open(), await open()];
  });
  after(async () => {
    await one.close();
    await other.close();
    await test.close();
  });

  it('who catches up knows what another process was answered before, each time', async () => {
    for (let n = 0; n < 100; n++) {
      const [writer, reader] = n % 2 === 0 ? [one, other] : [other, one];
      const vehicle = await writer.createVehicle({ vin: `WVW${String(n).padStart(14, '0')}`, customer: `Customer ${n}` });
      // Several who ask at once share an answer, which must not be older than any of them.
      await Promise.all([reader.catchUp(), reader.catchUp(), reader.catchUp()]);
      assert.deepEqual(reader.directory.vehicleById(vehicle.id), vehicle, `round ${n}`);
    }
  });

  it('a code of a sign-in link is used once, also when two processes are asked at once; its note goes when it is over', async () => {
    const digest = Buffer.alloc(32, 7);
    const answers = await Promise.all([one, other, one, other].map((registry) => registry.useSignInCode(digest, startMs + 1000)));
    assert.equal(answers.filter(Boolean).length, 1);
    assert.equal(await one.useSignInCode(digest, startMs + 1000), false);
    const countNotes = async (): Promise<number> =>
      test.storage.withActor(systemActor('test'), async (tx) => {
        const { rows } = await sql<{ count: number }>`select count(*)::int as count from used_sign_in_codes`.execute(tx);
        return rows[0]?.count ?? 0;
      });
    assert.equal(await countNotes(), 1);
    clock.advance(1000);
    assert.equal(await other.useSignInCode(Buffer.alloc(32, 8), startMs + 5000), true);
    assert.equal(await countNotes(), 1);
  });

  it('what could not be read is read again: what another process wrote, and what was written without an answer', async () => {
    const storage = await test.openAnother();
    let fails: 'before' | 'after' | undefined;
    const withActor: Storage['withActor'] = async (actor, run) => {
      if (fails === 'before') throw new OperationalError('unavailable', 'the pool is busy');
      const answer = await storage.withActor(actor, run);
      if (fails === 'after') throw new OperationalError('unavailable', 'the answer was lost');
      return answer;
    };
    const shaky = new Proxy(storage, {
      get: (target, name) => {
        if (name === 'withActor') return withActor;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const third = await openRegistry({ storage: shaky, pepper: Buffer.alloc(32, 1), clock, logger: silentLogger });
    const isKnown = (vin: string): boolean => [...third.directory.vehicles()].some((vehicle) => vehicle.vin === vin);
    const catchesUp = async (): Promise<boolean> => {
      clock.advance(1000);
      return third.catchUp();
    };

    fails = 'before';
    await one.createVehicle({ vin: 'WVWZZZ1JZ00000777', customer: 'Customer 1' });
    await until('it heard of it, and could not read it', async () => !(await third.catchUp()));
    assert.equal(isKnown('WVWZZZ1JZ00000777'), false);
    fails = undefined;
    await until('it is read', catchesUp);
    assert.equal(isKnown('WVWZZZ1JZ00000777'), true);

    fails = 'after';
    await assert.rejects(third.createVehicle({ vin: 'WVWZZZ1JZ00000778', customer: 'Customer 1' }), /the answer was lost/);
    fails = undefined;
    await until('what it wrote is known', catchesUp);
    assert.equal(isKnown('WVWZZZ1JZ00000778'), true);
    await third.close();
  });
});
