import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeCodes } from '@milepost/contract';
import { openTestServer, type TestServer } from '../http/testing/open-test-server.ts';
import { addRecordedDevices, type RecordedDevice } from '../http/testing/recorded-device.ts';
import { sessionLimits } from './session-limits.ts';
import { openDeviceSocket } from './testing/device-socket.ts';

// What devices hear while the log takes no report, by HTTP and on sockets.

const startMs = Date.now() - 600_000;
const pendingRecordsMax = 32;
const commitSpacingMs = 4000;

/** The disk has less free space than the reserve. */
let full: TestServer;
let fullDevice: RecordedDevice;
/** After a commit the next one waits so long that its queue fills and stays full. */
let busy: TestServer;
let busyDevices: RecordedDevice[];

before(async () => {
  full = await openTestServer('refusals_full', {}, { logLimits: { diskReserveBytes: Number.MAX_SAFE_INTEGER } });
  [fullDevice] = (await addRecordedDevices(full, 1)) as [RecordedDevice];
  busy = await openTestServer('refusals_busy', {}, { logLimits: { pendingRecordsMax, commitSpacingMs } });
  busyDevices = await addRecordedDevices(busy, 3);
});
after(async () => {
  await full.close();
  await busy.close();
});

const report = (seq: number): object => ({
  boot: 1,
  seq,
  samples: [{ time: startMs + seq, signals: { 'Vehicle.Speed': seq % 200 } }],
});

const textOf = (seq: number): Buffer => Buffer.from(JSON.stringify(report(seq)));

const post = async (server: TestServer, device: RecordedDevice, body: string, type = 'application/json') => {
  const headers = { authorization: `Bearer ${await device.login()}`, 'content-type': type };
  const answer = await fetch(`${server.origin}/v1/telemetry`, { method: 'POST', headers, body });
  const problem = (await answer.json()) as { code: string; status: number };
  return { status: answer.status, code: problem.code, retryAfter: Number(answer.headers.get('retry-after')) };
};

test('HTTP with a full disk: 503 disk_full with Retry-After, for a report and for a batch; reading goes on', async () => {
  const expected = { status: 503, code: 'disk_full', retryAfter: 15 };
  assert.deepEqual(await post(full, fullDevice, JSON.stringify(report(1))), expected);
  const lines = [1, 2].map((i) => JSON.stringify({ time: startMs + i, signals: { 'Vehicle.Speed': i } })).join('\n');
  assert.deepEqual(await post(full, fullDevice, lines, 'application/x-ndjson'), expected);
  assert.equal((await full.ask('readVehicle', { id: fullDevice.vehicleId })).status, 200);
  assert.equal((await fullDevice.history(['Vehicle.Speed'], 0, Date.now())).size, 0);
});

test('WebSocket with a full disk: an error that says so, then 1013', async () => {
  const { send, until, closed } = await openDeviceSocket(full.origin, await fullDevice.login());
  send(report(1));
  assert.equal((await until((heard) => heard.find(({ error }) => error)?.error, 'an error')).code, 'disk_full');
  assert.equal(await closed, closeCodes.tryAgainLater);
});

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Fills the queue of the busy log by a device of its own, just after a commit; nobody waits for what it holds. */
const fillQueue = async (): Promise<void> => {
  while (busy.eventLog.refusal() === 'queue_full') await nextTurn();
  const [filler] = busyDevices as [RecordedDevice];
  const { send, socket } = await openDeviceSocket(busy.origin, await filler.login());
  for (let seq = 1; seq <= pendingRecordsMax * 2; seq++) send(report(seq));
  while (busy.eventLog.refusal() !== 'queue_full') await nextTurn();
  socket.terminate();
};

test('HTTP with a full queue: 503 overloaded with Retry-After', async () => {
  await fillQueue();
  assert.deepEqual(await post(busy, busyDevices[1] as RecordedDevice, JSON.stringify(report(1))), {
    status: 503,
    code: 'overloaded',
    retryAfter: 1,
  });
});

test('a session with a full queue holds so many reports and no more: an error, then 1013', async () => {
  const device = busyDevices[2] as RecordedDevice;
  const token = await device.login();
  await fillQueue();
  const sent: string[] = [];
  const happened: string[] = [];
  const open = await busy.gate.admit(token);
  // A socket that is not read delivers what was on its way, up to what its library has in hand.
  const session = open({
    address: '127.0.0.1',
    send: (text) => sent.push(text),
    pause: () => happened.push('pause'),
    resume: () => happened.push('resume'),
    close: (code) => happened.push(`close ${code}`),
  });
  for (let seq = 1; seq <= sessionLimits.reportsHeldMax; seq++) session.received(textOf(seq));
  assert.deepEqual([happened, sent], [['pause'], []], 'held, nothing is said');
  session.received(textOf(sessionLimits.reportsHeldMax + 1));
  assert.equal(happened.at(-1), `close ${closeCodes.tryAgainLater}`);
  const events = happened.length;
  assert.deepEqual(
    sent.map((text) => (JSON.parse(text) as { error: { code: string } }).error.code),
    ['overloaded'],
  );
  session.received(textOf(1));
  assert.equal(happened.length, events, 'nothing that comes after is looked at');
  session.closed();
});

test('on a socket a full queue is no error: it is not read until there is room', async () => {
  const { send, heard, socket } = await openDeviceSocket(busy.origin, await (busyDevices[1] as RecordedDevice).login());
  await fillQueue();
  for (let seq = 1; seq <= 100; seq++) send(report(seq));
  assert.equal((await post(busy, busyDevices[2] as RecordedDevice, JSON.stringify(report(1)))).status, 503);
  assert.deepEqual([heard, socket.readyState], [[], socket.OPEN]);
  socket.terminate();
});
