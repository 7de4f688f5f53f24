import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { coreSignal } from '@milepost/contract';
import { OperatorClient } from '@milepost/sdk';
import { type Milepost, startMilepost } from './support/start-milepost.ts';

const program = resolve(import.meta.dirname, '../../sdk/examples/report.py');
const noPython = spawnSync('python3', ['--version']).status === 0 ? false : 'no python3 here';

let milepost: Milepost;
before(async () => {
  if (!noPython) milepost = await startMilepost({ mode: 'serve' });
});
after(() => milepost?.close());

test('the example in Python reports in the binary form', { skip: noPython }, async () => {
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  const vehicle = await operator.createVehicle({ vin: 'TESTPYTH0N0000001', customer: 'Demo' });
  const imei = '001010000000018';
  const { secret } = await operator.createDevice({ imei, vehicleId: vehicle.id });
  const number = (path: string): number => coreSignal(path).number;
  const values = [
    `${number('Vehicle.Speed')}=5010`,
    `${number('Vehicle.CurrentLocation.Longitude')}=-68416500`,
    `${number('Vehicle.CurrentLocation.Latitude')}=340208820`,
  ];
  const { stdout } = await promisify(execFile)('python3', [program, milepost.origin, imei, secret, ...values]);
  const answer = JSON.parse(stdout) as { ack: number; stored: number; rejected: unknown[] };
  assert.deepEqual([answer.ack, answer.stored, answer.rejected], [1, 1, []]);
  const { items } = await operator.call('listVehicles');
  assert.deepEqual([items[0]?.speedKmh, items[0]?.position?.longitude], [50.1, -6.84165]);
});
