import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { DeviceClient, OperatorClient } from '@milepost/sdk';

const root = path.resolve(import.meta.dirname, '../..');
const operatorToken = 'operator-token-of-the-kill-test';
const rounds = Number(process.env['KILL_ROUNDS'] ?? '3');
const devicesCount = 8;
/** A round is over when this many further reports of each device were acknowledged; then the kill comes without warning. */
const acksPerRound = 40;

interface Server {
  readonly child: ChildProcess;
  readonly origin: string;
}

const startServer = async (folder: string, port: number): Promise<Server> => {
  const env = {
    PATH: process.env['PATH'],
    MILEPOST_PORT: String(port),
    MILEPOST_DATA: folder,
    MILEPOST_OPERATOR_TOKEN: operatorToken,
  };
  const child = spawn(process.execPath, ['server/src/app/main.ts', '--mode=serve'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const origin = /ready at (\S+)/.exec(line)?.[1];
    if (origin) return { child, origin };
  }
  throw new Error('the server ended before it was ready');
};

const imeiOf = (index: number): string => {
  const digits = `00101000${String(index).padStart(6, '0')}`;
  const sum = digits.split('').reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits + String((10 - (sum % 10)) % 10);
};

/** A device that reports its own count as speed, as fast as it is acknowledged, and remembers what was. */
class CountingDevice {
  readonly vehicleId: string;
  readonly client: DeviceClient;
  readonly #startMs: number;
  #sent = 0;
  acked = 0;
  #whenAcked: () => void = () => {};

  constructor(server: string, vehicleId: string, imei: string, secret: string, startMs: number) {
    this.vehicleId = vehicleId;
    this.#startMs = startMs;
    this.client = new DeviceClient({ server, imei, secret, onAck: (seq) => this.#onAck(seq) });
    this.client.start();
  }

  fill(): void {
    while (this.client.unacknowledged < 8) {
      this.#sent++;
      this.client.send([{ time: this.timeOf(this.#sent), signals: { 'Vehicle.Speed': this.#sent % 400 } }]);
    }
  }

  timeOf(count: number): number {
    return this.#startMs + count * 10;
  }

  async untilAcked(count: number): Promise<void> {
    while (this.acked < count) {
      await new Promise<void>((resolve) => {
        this.#whenAcked = resolve;
      });
    }
  }

  #onAck(seq: number): void {
    this.acked = Math.max(this.acked, seq);
    this.fill();
    this.#whenAcked();
  }
}

const makeDevices = async (origin: string, startMs: number): Promise<CountingDevice[]> => {
  const operator = new OperatorClient(origin, operatorToken);
  const devices: CountingDevice[] = [];
  for (let index = 0; index < devicesCount; index++) {
    const vehicle = await operator.createVehicle({ vin: `TESTK1LL000${String(index).padStart(6, '0')}`, customer: 'Kill' });
    const imei = imeiOf(index);
    const { secret } = await operator.createDevice({ imei, vehicleId: vehicle.id });
    devices.push(new CountingDevice(origin, vehicle.id, imei, secret, startMs));
  }
  return devices;
};

const historyOf = async (
  origin: string,
  device: CountingDevice,
  toMs: number,
): Promise<{ times: number[]; speeds: number[] }> => {
  const query = `signals=Vehicle.Speed&from=${device.timeOf(0)}&to=${toMs}`;
  const response = await fetch(`${origin}/v1/vehicles/${device.vehicleId}/history?${query}`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  assert.equal(response.status, 200);
  const answer = (await response.json()) as { times: number[]; columns: Record<string, number[]>; next: string | null };
  assert.equal(answer.next, null);
  return { times: answer.times, speeds: answer.columns['Vehicle.Speed'] ?? [] };
};

/** Every acknowledged sample is there with its value, and no sample twice. */
const checkDevice = async (origin: string, device: CountingDevice): Promise<void> => {
  const { times, speeds } = await historyOf(origin, device, device.timeOf(1_000_000));
  assert.equal(new Set(times).size, times.length, 'no sample is there twice');
  const found = new Map(times.map((time, i) => [time, speeds[i]]));
  for (let count = 1; count <= device.acked; count++) {
    assert.equal(found.get(device.timeOf(count)), count % 400, `sample ${count} of ${device.acked} acknowledged ones`);
  }
};

test(`kill -9 under a stream, ${rounds} times: every acknowledged sample is in the history, once`, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'milepost-kill-'));
  let server = await startServer(folder, 0);
  const port = Number(new URL(server.origin).port);
  const devices = await makeDevices(server.origin, Date.now() - 3_600_000);
  try {
    for (const device of devices) device.fill();
    for (let round = 1; round <= rounds; round++) {
      await Promise.all(devices.map((device) => device.untilAcked(device.acked + acksPerRound)));
      server.child.kill('SIGKILL');
      await once(server.child, 'exit');
      const killedAt = performance.now();
      server = await startServer(folder, port);
      process.stdout.write(`round ${round}: ready again after ${Math.round(performance.now() - killedAt)} ms\n`);
      for (const device of devices) await checkDevice(server.origin, device);
    }
  } finally {
    await Promise.all(devices.map((device) => device.client.goodbye()));
    server.child.kill('SIGTERM');
    await once(server.child, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
});
