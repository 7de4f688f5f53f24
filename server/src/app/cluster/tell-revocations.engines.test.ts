import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDevices } from '../../devices/index.ts';
import { silentLogger, systemClock } from '../../kernel/index.ts';
import { openRegistry } from '../../registry/index.ts';
import { openValkey, openValkeyFanOut } from '../../storage/adapters/valkey/index.ts';
import { openTestStorage } from '../../storage/testing/test-storage.ts';
import { tellRevocations } from './tell-revocations.ts';

const address = process.env['TEST_VALKEY'];
const base = { clock: systemClock, logger: silentLogger };

test('a process that hears nothing of PostgreSQL hears of a revoked device by Valkey', {
  skip: !address && 'no Valkey',
}, async () => {
  const database = await openTestStorage('revocations');
  const closers: (() => unknown)[] = [() => database.close()];
  /** A process with its own directory and connections. */
  const openProcess = async (isTelling: boolean) => {
    const storage = await database.openAnother();
    const pepper = Buffer.alloc(32, 1);
    const registry = await openRegistry({ storage, pepper, ...base });
    const devices = await openDevices({ storage, registry, pepper, ...base });
    const valkey = await openValkey({ url: `redis://${address}`, prefix: `${process.pid}:`, ...base });
    const fanOut = await openValkeyFanOut(valkey);
    const stop = await tellRevocations({ fanOut, devices, registry, isTelling, logger: silentLogger });
    closers.push(
      () => registry.close(),
      () => devices.close(),
      () => valkey.close(),
      () => fanOut.close(),
      stop,
    );
    return { registry, devices };
  };
  try {
    const [api, gateway] = [await openProcess(true), await openProcess(false)];
    const vehicle = await api.registry.createVehicle({ vin: 'TESTREV0KED000001', customer: 'Demo' });
    const { device } = await api.registry.createDevice({ imei: '350000000000006', vehicleId: vehicle.id });
    await gateway.registry.catchUp();
    assert.equal(gateway.registry.directory.deviceById(device.id)?.revokedAt, null);
    await gateway.registry.close();
    const cut = Promise.withResolvers<number>();
    gateway.devices.onRevoked(cut.resolve);
    await api.registry.revokeDevice(device.id);
    assert.equal(await cut.promise, device.deviceNo);
  } finally {
    for (const close of closers.toReversed()) await close();
  }
});
