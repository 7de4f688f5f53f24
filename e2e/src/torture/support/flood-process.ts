import { WebSocket } from 'ws';

export interface FloodTask {
  readonly origin: string;
  readonly imei: string;
  readonly secret: string;
}

export interface FloodReport {
  readonly sent: number;
  readonly acknowledged: number;
  readonly seconds: number;
}

/** Bytes that may wait in the socket: enough that it never runs dry. */
const bufferedBytesMax = 1024 * 1024;
const reportsAtOnce = 200;

const logIn = async ({ origin, imei, secret }: FloodTask): Promise<string> => {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${origin}/v1/devices/login`, { method: 'POST', headers, body: JSON.stringify({ imei, secret }) });
  return ((await answer.json()) as { token: string }).token;
};

const pour = async (task: FloodTask): Promise<void> => {
  const token = await logIn(task);
  const socket = new WebSocket(`${task.origin.replace('http', 'ws')}/v1/devices/stream`, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const startMs = Date.now() - 3_600_000;
  const startedAt = performance.now();
  let sent = 0;
  let acknowledged = 0;
  let isOver = false;
  socket.on('message', (data: Buffer) => {
    acknowledged = (JSON.parse(data.toString('utf8')) as { ack?: number }).ack ?? acknowledged;
  });
  const more = (): void => {
    if (isOver) return;
    for (let i = 0; i < reportsAtOnce && socket.bufferedAmount < bufferedBytesMax; i++) {
      sent++;
      socket.send(
        JSON.stringify({ boot: 1, seq: sent, samples: [{ time: startMs + sent, signals: { 'Vehicle.Speed': sent % 400 } }] }),
      );
    }
    setTimeout(more, 1);
  };
  more();
  process.send?.('begun');
  process.once('message', () => {
    isOver = true;
    const report: FloodReport = { sent, acknowledged, seconds: (performance.now() - startedAt) / 1000 };
    process.send?.(report);
    socket.terminate();
  });
};

process.once('message', (task: FloodTask) => void pour(task));
