import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, systemClock } from '../kernel/index.ts';
import { BackupHold, type HoldParts } from './backup-hold.ts';

/** A hold whose database takes its time to begin. */
const makeHold = () => {
  const gates: (() => void)[] = [];
  const released: number[] = [];
  let begun = 0;
  const startBackup = async () => {
    const number = ++begun;
    await new Promise<void>((resolve) => gates.push(resolve));
    return {
      startLsn: `0/${number}`,
      stop: () => Promise.reject(new Error('not here')),
      release: async () => void released.push(number),
    };
  };
  const parts = {
    storage: { startBackup },
    history: { flush: () => Promise.resolve() },
    isEmbedded: true,
    isBusy: () => false,
    clock: systemClock,
    logger: silentLogger,
  } as unknown as HoldParts;
  return { hold: new BackupHold(parts), gates, released };
};

const turn = (): Promise<void> => new Promise(setImmediate);

test('a second backup is refused while the first is there', async () => {
  const { hold, gates } = makeHold();
  const first = hold.openSession().handle('backup begin', undefined);
  await assert.rejects(hold.openSession().handle('backup begin', undefined), /another backup is being taken/);
  await turn();
  gates[0]?.();
  assert.deepEqual(await first, { database: 'embedded', startLsn: '0/1' });
  assert.ok(hold.isHeld);
});

test('one that was killed while it began is let go whole, and the next waits for that instead of being refused', async () => {
  const { hold, gates, released } = makeHold();
  const killed = hold.openSession();
  const first = killed.handle('backup begin', undefined);
  await turn();
  killed.closed?.();
  const second = hold.openSession().handle('backup begin', undefined);
  await turn();
  gates[0]?.();
  await first;
  assert.equal(gates.length, 1, 'the second has not begun');
  await killed.ended();
  assert.deepEqual(released, [1]);
  while (gates.length < 2) await turn();
  gates[1]?.();
  assert.deepEqual(await second, { database: 'embedded', startLsn: '0/2' });
  assert.deepEqual(released, [1]);
});
