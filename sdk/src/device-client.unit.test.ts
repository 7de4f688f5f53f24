import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceClient } from './device-client.ts';

const device = { server: 'https://127.0.0.1:1', imei: '350000000000017' };

test('a client needs a secret or a certificate, and TLS where it is given credentials for it', () => {
  assert.throws(() => new DeviceClient(device), /a secret, or tls with a certificate/);
  assert.throws(() => new DeviceClient({ ...device, tls: { ca: 'x' } }), /a secret, or tls with a certificate/);
  const tls = { cert: 'x', key: 'x' };
  assert.throws(() => new DeviceClient({ ...device, server: 'http://127.0.0.1:1', tls }), /server is http.*https:/);
  assert.throws(
    () => new DeviceClient({ ...device, way: 'mqtt', mqttServer: 'mqtt://127.0.0.1', tls }),
    /mqttServer is mqtt:.*mqtts:/,
  );
  assert.throws(() => new DeviceClient({ ...device, way: 'mqtt', tls }), /mqttServer is undefined/);
  assert.equal(new DeviceClient({ ...device, tls }).state, 'idle');
  assert.equal(
    new DeviceClient({ ...device, server: 'http://127.0.0.1:1', way: 'mqtt', mqttServer: 'mqtts://127.0.0.1', tls }).state,
    'idle',
  );
  assert.equal(new DeviceClient({ ...device, secret: 's' }).state, 'idle');
});
