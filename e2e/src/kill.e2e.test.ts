import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceClient, type DeviceClientOptions, type Form, OperatorClient, type Way } from '@milepost/sdk';
import { type Milepost, startMilepost } from './support/start-milepost.ts';

const rounds = Number(process.env['KILL_ROUNDS'] ?? '3');
/** A device on each way in, two on the first. */
const waysIn: readonly { readonly way: Way; readonly form: Form }[] = [
  { way: 'websocket', form: 'json' },
  { way: 'websocket', form: 'json' },
  { way: 'websocket', form: 'binary' },
  { way: 'http', form: 'json' },
  { way: 'http', form: 'binary' },
  { way: 'mqtt', form: 'json' },
  { way: 'mqtt', form: 'binary' },
];
/** A round is over when this many further reports of each device were acknowledged; then the kill comes without warning. */
const acksPerRound = 40;

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

  constructor(options: Omit<DeviceClientOptions, 'onAck'>, vehicleId: string, startMs: number) {
    this.vehicleId = vehicleId;
    this.#startMs = startMs;
    this.client = new DeviceClient({ ...options, onAck: (seq) => this.#onAck(seq) });
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

const makeDevices = async (milepost: Milepost, startMs: number): Promise<CountingDevice[]> => {
  const { origin: server, mqttOrigin: mqttServer } = milepost;
  const operator = new OperatorClient(server, milepost.operatorToken);
  const devices: CountingDevice[] = [];
  for (const [index, wayIn] of waysIn.entries()) {
    const vehicle = await operator.createVehicle({ vin: `TESTK1LL000${String(index).padStart(6, '0')}`, customer: 'Kill' });
    const imei = imeiOf(index);
    const { secret } = await operator.createDevice({ imei, vehicleId: vehicle.id });
    devices.push(new CountingDevice({ server, mqttServer, imei, secret, ...wayIn }, vehicle.id, startMs));
  }
  return devices;
};

const historyOf = async ({ origin, operatorToken }: Milepost, device: CountingDevice) => {
  const query = `signals=Vehicle.Speed&from=${device.timeOf(0)}&to=${device.timeOf(1_000_000)}`;
  const response = await fetch(`${origin}/v1/vehicles/${device.vehicleId}/history?${query}`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  assert.equal(response.status, 200);
  const answer = (await response.json()) as { times: number[]; columns: Record<string, number[]>; next: string | null };
  assert.equal(answer.next, null);
  return { times: answer.times, speeds: answer.columns['Vehicle.Speed'] ?? [] };
};

/** Every acknowledged sample is there with its value, and no sample twice. */
const checkDevice = async (milepost: Milepost, device: CountingDevice): Promise<void> => {
  // Devices have come back and go on: what they hear of while the question is under way need not be in its answer.
  const { acked } = device;
  const { times, speeds } = await historyOf(milepost, device);
  assert.equal(new Set(times).size, times.length, 'no sample is there twice');
  const found = new Map(times.map((time, i) => [time, speeds[i]]));
  for (let count = 1; count <= acked; count++) {
    assert.equal(found.get(device.timeOf(count)), count % 400, `sample ${count} of ${acked} acknowledged ones`);
  }
};

test(`kill -9 of everything under streams on each way in, ${rounds} times: every acknowledged sample is in the history, once`, async () => {
  const milepost = await startMilepost({ mode: 'serve' });
  const devices = await makeDevices(milepost, Date.now() - 3_600_000);
  try {
    for (const device of devices) device.fill();
    for (let round = 1; round <= rounds; round++) {
      await Promise.all(devices.map((device) => device.untilAcked(device.acked + acksPerRound)));
      const killed = await milepost.kill();
      const killedAt = performance.now();
      await milepost.start();
      process.stdout.write(
        `round ${round}: ${killed} processes killed, ready again after ${Math.round(performance.now() - killedAt)} ms\n`,
      );
      for (const device of devices) await checkDevice(milepost, device);
    }
  } finally {
    await Promise.all(devices.map((device) => device.client.goodbye()));
    await milepost.close();
  }
});
