/** A scenario in a network namespace of its own: `unshare --net node inside.ts <size>`. Tells its outcome in the last line. */
import { TortureContext } from './context.ts';
import { underLoss } from './scenarios/packet-loss.ts';
import type { Size } from './size.ts';
import { openLoopback } from './support/network.ts';

openLoopback();
const context = new TortureContext(process.argv[2] as Size, (line) => void process.stderr.write(`${line}\n`));
try {
  const outcome = await underLoss(context);
  process.stdout.write(`${JSON.stringify({ ...outcome, peakMemoryMb: context.memory.mb })}\n`);
} finally {
  await context.close();
}
process.exit();
