/**
 * What the load, the sockets and the machine take by themselves: a bare server that answers each frame and does nothing else, under the load of
 * `fleet-binary`. `node bench/src/floor.ts`; prints one JSON object.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { cpuSecondsOf, startLoad } from './server.ts';

const connections = 10_000;
const reportsPerSecond = 16_667;
const warmUpSeconds = 12;
const seconds = 30;
const serveArgument = 'serve';

/** Frames of a client are masked: a head of two bytes or four, the mask, the payload. */
const countFrames = (data: Buffer): number => {
  let frames = 0;
  for (let at = 0; at < data.length; frames++) {
    const short = (data[at + 1] as number) & 0x7f;
    at += short === 126 ? 8 + data.readUInt16BE(at + 2) : 6 + short;
  }
  return frames;
};

const serve = (): void => {
  const server = net.createServer((socket) => {
    let isOpen = false;
    let acked = 0;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      if (!isOpen) {
        isOpen = true;
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
        return;
      }
      acked += countFrames(data);
      const text = `{"ack":${acked}}`;
      socket.write(`\x81${String.fromCharCode(text.length)}${text}`, 'latin1');
    });
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => console.log((server.address() as net.AddressInfo).port));
};

const measure = async (): Promise<void> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-floor-'));
  const tokensFile = path.join(folder, 'tokens.json');
  writeFileSync(tokensFile, JSON.stringify(Array.from({ length: connections }, (_, i) => `device-${i}`)));
  const server = spawn(process.execPath, [import.meta.filename, serveArgument], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = (await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next()).value as string;
    const load = {
      way: 'websocket',
      form: 'binary',
      samples: 1,
      connections,
      inFlight: 0,
      reportsPerSecond,
      tokensFile,
    } as const;
    const loading = startLoad(load, { origin: `http://127.0.0.1:${port}`, mqttOrigin: '' });
    try {
      for (let second = 0; second < warmUpSeconds; second++) await loading.next();
      loading.begin();
      const pid = server.pid as number;
      const [before, cpuBefore, startedAt] = [await loading.next(), await cpuSecondsOf(pid), performance.now()];
      let last = before;
      for (let second = 0; second < seconds; second++) last = await loading.next();
      const wallSeconds = (performance.now() - startedAt) / 1000;
      const reports = Math.round((last.reports - before.reports) / wallSeconds);
      const cores = Math.round((100 * ((await cpuSecondsOf(pid)) - cpuBefore)) / wallSeconds) / 100;
      const { ackP50Ms, ackP99Ms } = last;
      console.log(JSON.stringify({ connections: last.connections, reportsPerSecond: reports, cores, ackP50Ms, ackP99Ms }));
    } finally {
      loading.child.kill('SIGTERM');
    }
  } finally {
    server.kill('SIGTERM');
    rmSync(folder, { recursive: true });
  }
};

if (process.argv[2] === serveArgument) serve();
else await measure();
