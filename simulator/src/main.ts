import { setFlagsFromString } from 'node:v8';
import { readArguments } from './arguments.ts';
import { simulatorLimits } from './limits.ts';
import { type RunningSimulator, runSimulator } from './run-simulator.ts';

const tell = (line: string): void => void process.stdout.write(`${line}\n`);

/** Most of what is made lives for a moment: a small young generation keeps the process small. MB. */
setFlagsFromString('--max-semi-space-size=2');
setFlagsFromString('--optimize-for-size');

const main = async (): Promise<void> => {
  let running: RunningSimulator | undefined;
  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    setTimeout(() => process.exit(0), simulatorLimits.stopMs);
    void (running?.stop() ?? Promise.resolve()).finally(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
  // Started by a server that is gone.
  if (process.connected) process.once('disconnect', end);
  running = await runSimulator(readArguments(process.argv.slice(2), process.env), tell);
};

main().catch((error: unknown) => {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`The simulator cannot start: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}\n`);
  process.exit(1);
});
