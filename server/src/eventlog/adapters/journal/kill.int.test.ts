import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { silentLogger, systemClock } from '../../../kernel/index.ts';
import { readAll } from '../../test-support.ts';
import { openJournal } from './index.ts';

const killsAfter = [1, 300, 2500];

/** Starts a writer, kills it once so many records are durable, and answers those that it said are. */
const writeUntilKilled = async (folder: string, firstSeq: number, count: number): Promise<number[]> => {
  const program = path.join(import.meta.dirname, 'kill-writer.ts');
  const child = spawn(process.execPath, [program, folder, String(firstSeq)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  const [, signal] = (await ended) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  return acknowledged;
};

test('kill -9 while it appends, three times: every record that was told durable is there, once', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'journal-kill-'));
  try {
    const acknowledged: number[] = [];
    for (const count of killsAfter) {
      const first = acknowledged.length === 0 ? 0 : Math.max(...acknowledged) + 1000;
      acknowledged.push(...(await writeUntilKilled(folder, first, count)));
      const log = await openJournal({ folder, clock: systemClock, logger: silentLogger, limits: { diskReserveBytes: 0 } });
      const kept = await readAll(log);
      await log.close();
      assert.equal(new Set(kept).size, kept.length, 'none is there twice');
      const keptSet = new Set(kept);
      assert.deepEqual(
        acknowledged.filter((seq) => !keptSet.has(seq)),
        [],
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
