import assert from 'node:assert/strict';
import type { TestServer } from './open-test-server.ts';

export interface Sample {
  readonly time: number | string;
  readonly signals: Readonly<Record<string, unknown>>;
}

export interface TestVehicle {
  readonly id: string;
  readonly deviceId: string;
  /** Reports by HTTP and answers when it is stored. */
  report(samples: readonly Sample[]): Promise<void>;
}

/** A vehicle whose device has logged in, all by the API. */
export const addVehicle = async (
  server: TestServer,
  number: number,
  fields: { plate?: string; customer?: string; model?: string } = {},
): Promise<TestVehicle> => {
  const vin = `WVWZZZ1JZ${String(number).padStart(8, '0')}`;
  const vehicle = await server.ask('createVehicle', { body: { vin, customer: 'Demo', ...fields } });
  assert.equal(vehicle.status, 201, vehicle.text);
  const { id } = vehicle.json;
  const imei = String(350_000_000_000_000 + number);
  const device = await server.ask('createDevice', { body: { imei, vehicleId: id } });
  assert.equal(device.status, 201, device.text);
  const login = await server.ask('login', { body: { imei, secret: device.json.secret } });
  assert.equal(login.status, 200, login.text);
  const authorization = `Bearer ${login.json.token}`;
  return {
    id,
    deviceId: device.json.id,
    report: async (samples) => {
      const answer = await server.call('POST', '/v1/telemetry', { samples }, { authorization });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual((JSON.parse(answer.text) as { rejected: unknown[] }).rejected, [], answer.text);
    },
  };
};
