import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeManualClock, silentLogger } from '../../../kernel/index.ts';
import { eventLogContract } from '../../eventlog.contract.ts';
import { testEpochMs } from '../../test-support.ts';
import { openJournal } from './index.ts';

eventLogContract('journal', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'journal-contract-'));
  return {
    open: ({ nowMs = testEpochMs, ...settings } = {}) =>
      openJournal({
        folder,
        clock: makeManualClock(nowMs),
        logger: silentLogger,
        limits: { diskReserveBytes: 0, commitSpacingMs: 1, segmentBytes: 4096, readBytes: 1024, ...settings },
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
});
