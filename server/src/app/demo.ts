import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunningServer } from './start-server.ts';

/** Time that the simulated vehicles have to say goodbye. */
const goodbyeMs = 3000;

/** Starts the simulator beside the server; the answer ends it. */
export const startDemo = (
  server: Pick<RunningServer, 'origin' | 'operatorToken'>,
  dataFolder: string,
  tell: (line: string) => void,
): (() => Promise<void>) => {
  const program = fileURLToPath(new URL('../../../simulator/src/main.ts', import.meta.url));
  const child: ChildProcess = spawn(
    process.execPath,
    [program, '--server', server.origin, '--data', dataFolder, '--from', '2h', '--modelled', '6', '--days', '14', '--life'],
    {
      // The channel carries nothing: when this process is killed outright, the simulator hears that it is gone.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'], MILEPOST_OPERATOR_TOKEN: server.operatorToken },
    },
  );
  let isEnding = false;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code) => {
      if (!isEnding) tell(`The simulator has ended (${code ?? 'killed'}): the vehicles stand still. The server goes on.`);
      resolve();
    });
  });
  return async () => {
    isEnding = true;
    child.kill('SIGTERM');
    const cut = setTimeout(() => child.kill('SIGKILL'), goodbyeMs);
    await ended;
    clearTimeout(cut);
  };
};
