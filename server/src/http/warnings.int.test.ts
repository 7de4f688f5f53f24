import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WarningMessage } from '@milepost/contract/stream';
import { until } from '../storage/testing/wait.ts';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';
import { type Heard, openStreamClient } from './testing/stream-client.ts';

const rearLeftIsLow = 'Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.IsPressureLow';
const faultCodes = 'Vehicle.Diagnostics.DTCList';
let server: TestServer;
let van: TestVehicle;

before(async () => {
  server = await openTestServer('http-warnings');
  van = await addVehicle(server, 1, { plate: 'VAN 17', customer: 'Atlas' });
});
after(() => server?.close());

/** In the order of the codes: both are of one moment. */
const byCode = <T extends { readonly code: string }>(warnings: readonly T[]): T[] =>
  warnings.toSorted((a, b) => a.code.localeCompare(b.code));

const warningsIn = ({ messages }: Heard): WarningMessage[] => messages.filter((message) => message.type === 'warning');
const changesIn = (heard: Heard) => warningsIn(heard).flatMap(({ changes }) => changes);

test('a report of a device rings with every viewer, and stands in list, counts and CSV', async () => {
  const client = await openStreamClient(`ws://127.0.0.1:${server.port}/v1/stream`, { authorization: `Bearer ${operatorToken}` });
  client.send({ subscribe: 'map' });
  const now = Date.now();
  await van.report([{ time: now - 5000, signals: { [rearLeftIsLow]: true, [faultCodes]: ['P0A80', '=1+1'] } }]);
  const rung = await client.until((heard) => (changesIn(heard).length === 2 ? changesIn(heard) : undefined));
  assert.deepEqual(
    byCode(rung.map(({ change, warning }) => ({ change, ...warning }))).map((one) => [
      one.change,
      one.plate,
      one.code,
      one.raisedAt,
    ]),
    [
      ['raised', 'VAN 17', 'fault_codes', new Date(now - 5000).toISOString()],
      ['raised', 'VAN 17', 'tire_pressure_low', new Date(now - 5000).toISOString()],
    ],
  );
  const list = await server.ask('listWarnings', { query: { severity: 'warning', state: 'open', customer: 'atlas' } });
  assert.deepEqual(
    byCode(list.json.items).map(({ code, detail, text }) => [code, detail, text]),
    [
      ['fault_codes', { codes: ['P0A80', '=1+1'] }, 'Fault codes: P0A80, =1+1'],
      ['tire_pressure_low', { wheels: [2] }, 'Tire pressure is low: rear left'],
    ],
  );
  const { json: counts } = await server.ask('countWarnings');
  assert.deepEqual(counts, { open: { critical: 0, warning: 2, info: 0 }, unseen: 2, seenUntil: null });
  const csv = await server.ask('listWarnings', { query: { format: 'csv', code: 'fault_codes' } });
  assert.match(csv.headers.get('content-type') ?? '', /^text\/csv/);
  const [head, row] = csv.text.split('\r\n');
  assert.equal(head, 'raisedAt,endedAt,severity,code,text,times,plate,vin,customer,vehicleId');
  assert.match(row ?? '', /,,warning,fault_codes,"Fault codes: P0A80, =1\+1",1,VAN 17,/);

  const latest =
    rung
      .map(({ warning }) => warning.rangAt ?? '')
      .sort()
      .at(-1) ?? '';
  const seen = await server.ask('seeWarnings', { body: { until: latest } });
  assert.deepEqual([seen.json.unseen, seen.json.seenUntil], [0, latest]);
  await client.until((heard) => warningsIn(heard).find(({ more }) => more > 0));
  client.socket.close();
  await client.closed;
});

test('what cannot be asked is told, and an erasure takes warnings with it', async () => {
  for (const query of [{ customer: 'nobody' }, { from: '2026-01-02', to: '2026-01-01' }, { cursor: 'x' }]) {
    const answer = await server.ask('listWarnings', { query });
    assert.deepEqual([answer.status, answer.problem?.code], [400, 'invalid_field'], JSON.stringify(query));
  }
  assert.equal((await server.ask('listWarnings', { query: { vehicle: 'veh_none' } })).status, 404);
  const other = await addVehicle(server, 2, { plate: 'VAN 18' });
  await other.report([{ time: Date.now() - 1000, signals: { [rearLeftIsLow]: true } }]);
  const count = async (): Promise<number> =>
    (await server.ask('listWarnings', { query: { vehicle: other.id } })).json.items.length;
  await until('the warning is there', async () => (await count()) === 1);
  const erased = await server.call('DELETE', `/v1/vehicles/${other.id}/data`);
  assert.equal(erased.status, 200, erased.text);
  assert.equal(await count(), 0, 'hidden at once');
});
