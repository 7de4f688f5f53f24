/** Appends to the journal of a folder until it is killed, and prints the number of each record that is durable. For `kill.int.test.ts`. */
import { writeSync } from 'node:fs';
import { silentLogger, systemClock } from '../../../kernel/index.ts';
import { append, makeRecord } from '../../test-support.ts';
import { openJournal } from './index.ts';

const [folder = '', firstText = '0'] = process.argv.slice(2);
const limits = { diskReserveBytes: 0, commitSpacingMs: 0, segmentBytes: 64 * 1024 };
const log = await openJournal({ folder, clock: systemClock, logger: silentLogger, limits });
const perRound = 20;
for (let first = Number(firstText); ; first += perRound) {
  const seqs = Array.from({ length: perRound }, (_, i) => first + i);
  // Synchronous: what was told must have left this process before it ends.
  await Promise.all(seqs.map((seq) => append(log, makeRecord({ seq, padding: seq % 200 })).then(() => writeSync(1, `${seq}\n`))));
}
