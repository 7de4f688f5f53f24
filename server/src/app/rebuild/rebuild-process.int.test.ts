import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CallerError, silentLogger, systemClock } from '../../kernel/index.ts';
import { RebuildProcess } from './rebuild-process.ts';
import { beginningState, type RebuildState } from './rebuild-state.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'milepost-builder-'));
});
after(() => rm(folder, { recursive: true }));

/** A program in the place of the one that rebuilds, and what the hold of the server knows. */
const aBuilder = async (code: string, known: { state?: RebuildState } = {}) => {
  const program = path.join(folder, `${crypto.randomUUID()}.mjs`);
  await writeFile(program, code);
  const hold = {
    status: () => ({
      model: known.state?.model,
      isRunning: false,
      progress: undefined,
      differences: 0,
      finished: 0,
      swapped: 0,
      state: known.state,
    }),
    checkFree: () => {},
    cancel: () => {
      throw new CallerError('not_found', 'no rebuild is under way');
    },
  };
  return { hold, builder: new RebuildProcess({ hold, root: folder, clock: systemClock, logger: silentLogger, program }) };
};

const ended = async (builder: RebuildProcess): Promise<RebuildState & { isByCommand: boolean }> => {
  for (;;) {
    const state = builder.state();
    if (state?.outcome !== undefined) return state;
    await nextTurn();
  }
};

test('a builder that cannot begin has failed, with what it said', async () => {
  const { builder } = await aBuilder(
    `process.stderr.write(\`\${process.argv.slice(2, 3)} \${process.argv[5]}: no room\\n\`); process.exitCode = 1;`,
  );
  assert.equal(builder.state(), undefined);
  builder.start({ model: 'live', swap: 'never' });
  assert.equal(builder.state()?.outcome, undefined);
  assert.throws(() => builder.start({ model: 'live' }), { code: 'in_use' });
  const { outcome, detail, isByCommand } = await ended(builder);
  assert.deepEqual([outcome, detail, isByCommand], ['failed', 'live --swap=never: no room', false]);
  assert.throws(() => builder.cancel(), { code: 'not_found' });
});

test('one that is cancelled before it began, or whose server ends, is gone', async () => {
  const stays = 'setInterval(() => {}, 1000);';
  const { builder } = await aBuilder(stays);
  builder.start({ model: 'history' });
  builder.cancel();
  assert.equal(builder.state()?.isCancelling, true);
  assert.equal((await ended(builder)).outcome, 'cancelled');
  builder.start({ model: 'history' });
  await builder.close();
  assert.equal((await ended(builder)).outcome, 'failed');
});

test('what the hold knows of it counts once it has begun; one that somebody else began is told apart', async () => {
  const known: { state?: RebuildState } = {};
  const { builder } = await aBuilder('', known);
  const { pid, startedAtMs } = builder.start({ model: 'live' });
  known.state = { ...beginningState('live', pid, startedAtMs + 1), outcome: 'put_in_place', endedAtMs: startedAtMs + 2 };
  const own = await ended(builder);
  assert.deepEqual([own.outcome, own.isByCommand], ['put_in_place', false]);
  known.state = beginningState('history', pid + 1, startedAtMs + 3);
  assert.deepEqual([builder.state()?.model, builder.state()?.isByCommand], ['history', true]);
});
