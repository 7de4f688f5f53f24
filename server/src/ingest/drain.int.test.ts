import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeCodes } from '@milepost/contract';
import { openTestServer, type TestServer } from '../http/testing/open-test-server.ts';
import { ackedSeq, type DeviceSocket, openDeviceSocket } from './testing/device-socket.ts';
import { sessionLimits } from './session-limits.ts';

const startMs = Date.now() - 600_000;
const devices = 60;
const reports = 200;

let server: TestServer;
before(async () => {
  // A short queue, so that some reports are held when the drain comes.
  server = await openTestServer('drain', {}, { logLimits: { pendingRecordsMax: 64 } });
});
after(() => server.close());

const makeTokens = async (): Promise<string[]> => {
  const items = Array.from({ length: devices }, (_, n) => ({
    vehicle: { vin: `WVWZZZ1JZ${String(n).padStart(8, '0')}`, customer: 'Drain' },
    device: { imei: String(350_000_000_000_000 + n) },
  }));
  const { json } = await server.ask('enrol', { body: { items } });
  return Promise.all(
    json.items.map(async ({ secret }, n) => {
      const answer = await server.ask('login', { body: { imei: items[n]?.device.imei ?? '', secret } });
      return answer.json.token;
    }),
  );
};

const sendAll = ({ send }: DeviceSocket): void => {
  for (let seq = 1; seq <= reports; seq++)
    send({ boot: 1, seq, samples: [{ time: startMs + seq, signals: { 'Vehicle.Speed': seq } }] });
};

test('a server that stops lets devices go one after the other, acknowledges first, and says when to come back', async () => {
  const tokens = await makeTokens();
  const sockets = await Promise.all(tokens.map((token) => openDeviceSocket(server.origin, token)));
  for (const socket of sockets) sendAll(socket);
  await sockets[0]?.until((heard) => (ackedSeq(heard) > 0 ? true : undefined), 'the first acknowledgement');
  const drained = server.gate.drain();
  const headers = { authorization: `Bearer ${tokens[0]}` };
  const empty = await fetch(`${server.origin}/v1/telemetry`, { method: 'POST', headers });
  assert.equal(empty.status, 400, 'requests are answered as ever');
  await assert.rejects(openDeviceSocket(server.origin, tokens[0] ?? ''), /status 503/);
  const codes = await Promise.all(sockets.map(({ closed }) => closed));
  await drained;
  assert.deepEqual(new Set(codes), new Set([closeCodes.goingAway]));
  const waits = sockets.map(({ heard }) => {
    const last = heard.at(-1)?.error as { readonly code: string; readonly retryAfterSeconds: number } | undefined;
    assert.equal(last?.code, 'unavailable', JSON.stringify(heard.at(-1)));
    const lastAck = heard.findLastIndex(({ ack }) => ack !== undefined);
    assert.ok(lastAck === -1 || lastAck === heard.length - 2, 'the last acknowledgement comes before');
    return last?.retryAfterSeconds ?? 0;
  });
  assert.ok(Math.min(...waits) >= sessionLimits.comeBackAfterMs / 1000);
  assert.equal(server.gate.sessions(), 0);
});
