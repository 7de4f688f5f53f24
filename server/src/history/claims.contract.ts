import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { type ContractStore, eachWithStore, makeChunk, makeFlush, readAll, startMs, unitOf } from './testing/contract-store.ts';

/** A partition of the log that moves between processes: whoever lost it changes nothing. Each test has a store of its own. */
export const testClaims = (name: string, make: () => Promise<ContractStore>): void => {
  const withStore = eachWithStore(make);
  describe(`${name} knows who may write`, () => {
    const superseded = { code: 'superseded' };

    withStore(
      'each claim of a partition is newer than all before, also after the store was opened again',
      async (store, made) => {
        const first = await store.claim(7);
        const other = await store.claim(8);
        const second = await store.claim(7);
        assert.ok(second > first);
        assert.equal(await store.appliedOffset(7), undefined);
        assert.deepEqual(await store.applied(), []);
        await store.close();
        const again = await made.open('write');
        assert.ok((await again.claim(7)) > second);
        await again.write({ ...makeFlush(0, 10, [makeChunk(1, 1, [startMs])]), partition: 8, epoch: other });
        assert.equal(await again.appliedOffset(8), 10);
        await again.close();
      },
    );

    withStore('what is written under an older claim is refused, and nothing of it counts', async (store, made) => {
      const older = await store.claim(0);
      await store.write({ ...makeFlush(0, 100, [makeChunk(1, 10, [startMs])]), epoch: older });
      const other = await made.open('write');
      try {
        const newer = await other.claim(0);
        const late = makeFlush(100, 300, [makeChunk(1, 110, [startMs + 1]), makeChunk(1, 210, [startMs + 2])]);
        await assert.rejects(store.write({ ...late, epoch: older }), superseded);
        assert.equal(await store.appliedOffset(0), 100);
        const unit = await unitOf(other, 1);
        assert.deepEqual([unit.flushes, unit.flushedChunks], [1, 1]);
        await other.write({ ...makeFlush(100, 200, [makeChunk(1, 110, [startMs + 1])]), epoch: newer });
        await assert.rejects(store.write({ ...late, epoch: older }), superseded);
        assert.equal(await store.appliedOffset(0), 200);
        await store.write({ ...makeFlush(200, 250, []), partition: 1 });
      } finally {
        await other.close();
      }
    });

    withStore('a merge under an older claim changes nothing that a newer one merged', async (store, made) => {
      const older = await store.claim(0);
      const flushed = [makeChunk(1, 10, [startMs]), makeChunk(1, 20, [startMs + 1])];
      await store.write({ ...makeFlush(0, 100, flushed), epoch: older });
      const unit = await unitOf(store, 1);
      const seen = (await store.readUnit(unit, 1, 2))[0]?.flushed ?? [];
      const other = await made.open('write');
      try {
        const claim = { partition: 0, epoch: await other.claim(0) };
        const late = makeChunk(1, 110, [startMs + 2]);
        await other.write({ ...makeFlush(100, 200, [late]), epoch: claim.epoch });
        const [whole] = await other.readUnit(unit, 1, 2);
        assert.equal(whole?.flushed.length, 3);
        const merged = makeChunk(1, 10, [startMs, startMs + 1, startMs + 2], 1);
        await other.replace(unit, { removed: whole?.flushed ?? [], added: [merged], removedStatus: [] }, claim);
        const stale = {
          removed: seen,
          added: [makeChunk(1, 10, [startMs], 1), makeChunk(1, 10, [startMs + 1], 2)],
          removedStatus: [],
        };
        await assert.rejects(store.replace(unit, stale, { partition: 0, epoch: older }), superseded);
        assert.deepEqual(await readAll(other, 1), [merged]);
        assert.deepEqual(await readAll(store, 1), [merged]);
        await other.replace(unit, { removed: [merged], added: [], removedStatus: [] }, claim);
        assert.deepEqual(await readAll(store, 1), []);
      } finally {
        await other.close();
      }
    });
  });
};
