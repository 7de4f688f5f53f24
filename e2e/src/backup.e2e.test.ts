import assert from 'node:assert/strict';
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeviceClient, OperatorClient } from '@milepost/sdk';
import { killBackup, runCommand } from './support/commands.ts';
import { logIn, reportAs } from './support/fleet.ts';
import { notOnCluster } from './support/not-on-cluster.ts';
import { type Milepost, startMilepost } from './support/start-milepost.ts';

const devicesCount = 6;
const acksBefore = 60;

/** A device that reports its own count, as fast as it is acknowledged, and remembers when each report was. */
class StreamingDevice {
  readonly vehicleId: string;
  readonly imei: string;
  readonly secret: string;
  readonly client: DeviceClient;
  readonly startMs = Date.now() - 3_600_000;
  /** By count: when the acknowledgement came. */
  readonly ackedAt: number[] = [];
  #sent = 0;
  #isStopped = false;
  #wake: () => void = () => {};

  constructor(server: string, vehicleId: string, imei: string, secret: string) {
    this.vehicleId = vehicleId;
    this.imei = imei;
    this.secret = secret;
    this.client = new DeviceClient({ server, imei, secret, onAck: (seq) => this.#onAck(seq) });
    this.client.start();
  }

  fill(): void {
    while (!this.#isStopped && this.client.unacknowledged < 8) {
      this.#sent++;
      this.client.send([{ time: this.timeOf(this.#sent), signals: { 'Vehicle.Speed': this.#sent % 400 } }]);
    }
  }

  timeOf(count: number): number {
    return this.startMs + count * 10;
  }

  /** How many of the first reports were acknowledged before a moment. */
  ackedBefore(ms: number): number {
    let count = 0;
    while ((this.ackedAt[count + 1] ?? Number.POSITIVE_INFINITY) < ms) count++;
    return count;
  }

  async untilAcked(count: number): Promise<void> {
    while (this.ackedAt.length <= count) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  #onAck(seq: number): void {
    for (let count = Math.max(1, this.ackedAt.length); count <= seq; count++) this.ackedAt[count] = Date.now();
    this.fill();
    this.#wake();
  }
}

const makeDevices = async ({ origin, operatorToken }: Milepost): Promise<StreamingDevice[]> => {
  const operator = new OperatorClient(origin, operatorToken);
  const items = Array.from({ length: devicesCount }, (_, n) => ({
    vehicle: { vin: `TESTBACKP00${String(n).padStart(6, '0')}`, customer: 'Backup' },
    device: { imei: String(351_000_000_000_000 + n) },
  }));
  const { items: made } = await operator.enrol({ items });
  return made.map(({ vehicleId, secret }, n) => new StreamingDevice(origin, vehicleId, items[n]?.device.imei ?? '', secret));
};

const historyOf = async ({ origin, operatorToken }: Milepost, device: StreamingDevice): Promise<Map<number, number>> => {
  const query = `signals=Vehicle.Speed&from=${device.timeOf(0)}&to=${device.timeOf(1_000_000)}`;
  const response = await fetch(`${origin}/v1/vehicles/${device.vehicleId}/history?${query}`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  assert.equal(response.status, 200, await response.clone().text());
  const { times, columns, next } = (await response.json()) as {
    times: number[];
    columns: Record<string, number[]>;
    next: string | null;
  };
  assert.equal(next, null);
  assert.equal(new Set(times).size, times.length, 'no sample is there twice');
  return new Map(times.map((time, i) => [time, columns['Vehicle.Speed']?.[i] as number]));
};

const flipByte = async (file: string): Promise<void> => {
  const handle = await open(file, 'r+');
  const { size } = await handle.stat();
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, Math.floor(size / 2));
  byte.writeUInt8(byte.readUInt8(0) ^ 1);
  await handle.write(byte, 0, 1, Math.floor(size / 2));
  await handle.close();
};

test('a backup under a stream of reports: the folder is destroyed and restored, and everything from before the point is there', {
  skip: notOnCluster.backup,
}, async () => {
  const place = await mkdtemp(join(tmpdir(), 'milepost-backup-'));
  const [data, backup] = [join(place, 'data'), join(place, 'backup')];
  const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_DATA: data } });
  const devices = await makeDevices(milepost);
  try {
    for (const device of devices) device.fill();
    await Promise.all(devices.map((device) => device.untilAcked(acksBefore)));
    // One that is killed on its way holds nothing that the next one needs, and is no backup.
    await killBackup(backup, data);
    assert.match((await runCommand('restore', backup, '--check')).output, /there is no backup/);
    const taken = await runCommand('backup', backup, '--data', data);
    assert.equal(taken.code, 0, taken.output);
    const manifest = JSON.parse(await readFile(join(backup, 'manifest.json'), 'utf8')) as {
      isLive: boolean;
      point: { at: string };
      files: { path: string; bytes: number }[];
    };
    assert.ok(manifest.isLive);
    // Reports went on while it was taken.
    await Promise.all(devices.map((device) => device.untilAcked(device.ackedBefore(Date.now()) + acksBefore)));
    const pointMs = Date.parse(manifest.point.at);
    const expected = devices.map((device) => device.ackedBefore(pointMs));
    assert.ok(expected.every((count) => count >= acksBefore));
    assert.ok(devices.every((device, n) => device.ackedAt.length > (expected[n] as number) + 1));
    for (const device of devices) {
      device.stop();
      await device.client.goodbye();
    }
    await milepost.kill();
    await rm(data, { recursive: true });

    const restored = await runCommand('restore', backup, '--to', data);
    assert.equal(restored.code, 0, restored.output);
    await milepost.start();
    for (const [n, device] of devices.entries()) {
      const found = await historyOf(milepost, device);
      for (let count = 1; count <= (expected[n] as number); count++)
        assert.equal(found.get(device.timeOf(count)), count % 400, `report ${count} of ${expected[n]} from before the point`);
      const token = await logIn(milepost, device.imei, device.secret);
      await reportAs(milepost, token, [{ time: device.timeOf(300_000), signals: { 'Vehicle.Speed': 7 } }]);
      assert.equal((await historyOf(milepost, device)).get(device.timeOf(300_000)), 7);
    }
  } finally {
    for (const device of devices) {
      device.stop();
      // Else it goes on to connect, and the process of the test with it.
      await device.client.goodbye();
    }
    await milepost.close();
    await rm(place, { recursive: true, force: true });
  }
});

test('a stopped server: to one file and back; a damaged backup and a folder in use are refused, and nothing is touched', {
  skip: notOnCluster.backup,
}, async () => {
  const place = await mkdtemp(join(tmpdir(), 'milepost-backup-'));
  const [data, archive, folder, other] = ['data', 'backup.tar', 'backup', 'other'].map((name) => join(place, name)) as [
    string,
    string,
    string,
    string,
  ];
  const milepost = await startMilepost({ mode: 'serve', settings: { MILEPOST_DATA: data } });
  try {
    const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
    const vehicle = await operator.createVehicle({ vin: 'TESTBACKP00000099', customer: 'Backup' });
    const { secret } = await operator.createDevice({ imei: '351000000000099', vehicleId: vehicle.id });
    const token = await logIn(milepost, '351000000000099', secret);
    const time = Date.now() - 60_000;
    await reportAs(milepost, token, [{ time, signals: { 'Vehicle.Speed': 42 } }]);
    const inUse = await runCommand('restore', place, '--to', data);
    assert.match(inUse.output, /is no backup/);
    // As after a power cut: PostgreSQL has to recover in the copy.
    await milepost.kill();

    for (const target of [archive, folder]) {
      const taken = await runCommand('backup', target, '--data', data);
      assert.equal(taken.code, 0, taken.output);
    }
    const again = await runCommand('backup', folder, '--data', data);
    assert.match(again.output, /exists already/);
    const notEmpty = await runCommand('restore', archive, '--to', data);
    assert.equal(notEmpty.code, 1);
    assert.match(notEmpty.output, /is not empty .*--force/);

    const { files } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
      files: { path: string; bytes: number }[];
    };
    const journal = files.find((file) => file.path.startsWith('journal/') && file.path.endsWith('.log'))?.path as string;
    await flipByte(join(folder, journal));
    const damaged = await runCommand('restore', folder, '--to', other);
    assert.equal(damaged.code, 1);
    assert.ok(damaged.output.includes(`${journal} is damaged: its SHA-256 is`), damaged.output);
    assert.deepEqual(
      (await readdir(other)).filter((name) => !name.startsWith('milepost.lock')),
      [],
    );
    await flipByte(join(folder, journal));
    assert.equal((await runCommand('restore', folder, '--check')).code, 0);
    await flipByte(join(folder, 'manifest.json'));
    assert.match((await runCommand('restore', folder, '--check')).output, /manifest.json is damaged/);

    const forced = await runCommand('restore', archive, '--to', data, '--force');
    assert.equal(forced.code, 0, forced.output);
    assert.equal((await readdir(data)).filter((name) => name.startsWith('.replaced-')).length, 1);
    await milepost.start();
    const running = await runCommand('restore', archive, '--to', data, '--force');
    assert.match(running.output, /is in use by the process/);
    const answer = await fetch(
      `${milepost.origin}/v1/vehicles/${vehicle.id}/history?signals=Vehicle.Speed&from=${time}&to=${time + 1}`,
      {
        headers: { authorization: `Bearer ${milepost.operatorToken}` },
      },
    );
    assert.deepEqual(((await answer.json()) as { times: number[] }).times, [time]);
    await logIn(milepost, '351000000000099', secret);
    assert.ok((await stat(archive)).size > 0);
  } finally {
    await milepost.close();
    await rm(place, { recursive: true, force: true });
  }
});
