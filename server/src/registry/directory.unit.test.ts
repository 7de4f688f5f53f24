import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeManualClock, silentLogger } from '../kernel/index.ts';
import { makeDirectory } from './directory.ts';
import type { Device, DirectoryChange, Vehicle } from './types.ts';

const vehicle = (vehicleNo: number, more: Partial<Vehicle> = {}): Vehicle => ({
  vehicleNo,
  id: `veh_${vehicleNo}`,
  vin: 'V'.repeat(17),
  isVinCheckDigitValid: false,
  plate: null,
  customerNo: 1,
  model: null,
  grossWeightKg: null,
  batteryKwh: null,
  tirePlacardKpa: null,
  groups: [],
  note: null,
  createdAt: 0,
  endedAt: null,
  ...more,
});
const device = (deviceNo: number, assignments: Device['assignments'], more: Partial<Device> = {}): Device => ({
  deviceNo,
  id: `dev_${deviceNo}`,
  imei: String(100_000_000_000_000 + deviceNo),
  isImeiCheckDigitValid: false,
  kind: 'vehicle',
  createdAt: 0,
  revokedAt: null,
  lateAfterSeconds: null,
  offlineAfterSeconds: null,
  assignments,
  credentials: { version: 1, secretIssuedAt: 0, secretFetchedAt: null, enrolmentUntil: null, certificateSha256: null },
  ...more,
});
const open = Number.POSITIVE_INFINITY;

describe('directory', () => {
  it('finds by number, id and IMEI, and counts', () => {
    const directory = makeDirectory(makeManualClock(0), silentLogger);
    directory.putVehicle({ entity: vehicle(7), revision: 1 });
    directory.putDevice({ entity: device(3, []), revision: 1 });
    assert.equal(directory.vehicleByNo(7), directory.vehicleById('veh_7'));
    assert.equal(directory.deviceByImei('100000000000003'), directory.deviceById('dev_3'));
    assert.deepEqual([directory.vehicleCount(), directory.vehicleNoMax(), [...directory.vehicles()].length], [1, 7, 1]);
    assert.equal(directory.vehicleByNo(6), undefined);
  });

  it('never goes back to an older row, and tells each change once', () => {
    const directory = makeDirectory(makeManualClock(0), silentLogger);
    const changes: DirectoryChange[] = [];
    const stop = directory.onChange((change) => changes.push(change));
    directory.putVehicle({ entity: vehicle(1, { plate: 'new' }), revision: 2 });
    directory.putVehicle({ entity: vehicle(1, { plate: 'old' }), revision: 1 });
    directory.putVehicle({ entity: vehicle(1, { plate: 'new' }), revision: 2 });
    assert.equal(directory.vehicleByNo(1)?.plate, 'new');
    assert.equal(changes.length, 1);
    assert.equal(directory.version(), 1);
    stop();
    directory.putVehicle({ entity: vehicle(1), revision: 3 });
    assert.equal(changes.length, 1);
  });

  it('goes on when a listener throws', () => {
    const directory = makeDirectory(makeManualClock(0), silentLogger);
    let told = 0;
    directory.onChange(() => {
      throw new Error('of a listener');
    });
    directory.onChange(() => told++);
    directory.putVehicle({ entity: vehicle(1), revision: 1 });
    assert.equal(told, 1);
  });

  it('knows which devices are on a vehicle now', () => {
    const clock = makeManualClock(50);
    const directory = makeDirectory(clock, silentLogger);
    const moved = [
      { vehicleNo: 1, fromMs: Number.NEGATIVE_INFINITY, toMs: 100 },
      { vehicleNo: 2, fromMs: 100, toMs: open },
    ];
    directory.putDevice({ entity: device(1, moved), revision: 1 });
    directory.putDevice({ entity: device(2, [{ vehicleNo: 1, fromMs: 0, toMs: open }], { revokedAt: 10 }), revision: 1 });
    const on = (vehicleNo: number): number[] => directory.devicesOnVehicle(vehicleNo).map((one) => one.deviceNo);
    assert.deepEqual([on(1), on(2)], [[1], []]);
    clock.advance(50);
    assert.deepEqual([on(1), on(2), on(3)], [[], [1], []]);
  });
});
