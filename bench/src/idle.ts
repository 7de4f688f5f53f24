/**
 * Memory of a connection that is open and says nothing: `node bench/src/idle.ts [connections]`, default 18000 (below the usual limit of 20,000
 * open files). The devices are enrolled by a server that is then stopped, so that nothing of it is left in the memory of the one that is
 * measured: all it takes beyond what it had at its start is counted. Prints one JSON object.
 */
import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { enrolDevices } from './load/enrol.ts';
import { memoryMbOf, operatorToken, startLoad, startServer } from './server.ts';

const connections = Number(process.argv[2] ?? 18_000);
const settleSeconds = 5;
const quietSeconds = 30;

const stop = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGTERM');
  await once(child, 'exit');
};

const folder = await mkdtemp(path.join(tmpdir(), 'milepost-bench-'));
const data = path.join(folder, 'data');
const tokensFile = path.join(folder, 'tokens.json');
try {
  const first = await startServer(data);
  await writeFile(tokensFile, JSON.stringify(await enrolDevices(first.origin, operatorToken, connections)));
  await stop(first.child);
  const { child, ...origins } = await startServer(data);
  const pid = child.pid as number;
  const options = {
    way: 'websocket',
    form: 'binary',
    samples: 1,
    connections,
    inFlight: 0,
    reportsPerSecond: 0,
    tokensFile,
  } as const;
  await new Promise((resolve) => setTimeout(resolve, settleSeconds * 1000));
  const before = await memoryMbOf(pid);
  const loading = startLoad(options, origins);
  let opened = await loading.next();
  while (opened.connections < connections) opened = await loading.next();
  for (let second = 0; second < quietSeconds; second++) await loading.next();
  const after = await memoryMbOf(pid);
  const kibAConnection = Math.round(((after - before) * 10_240) / connections) / 10;
  console.log(JSON.stringify({ connections: opened.connections, serverMemoryMb: [before, after], kibAConnection }));
  loading.child.kill('SIGTERM');
  await stop(child);
} finally {
  await rm(folder, { recursive: true, force: true });
}
