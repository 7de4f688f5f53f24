import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passkeyOrigin } from './passkey-origin.ts';

test('passkeys work at a name with https, and on this machine as localhost', () => {
  const found = {
    'https://milepost.example': ['milepost.example', 'https://milepost.example'],
    'https://milepost.example:8443': ['milepost.example', 'https://milepost.example:8443'],
    'http://127.0.0.1:8080': ['localhost', 'http://localhost:8080'],
    'http://[::1]:8080': ['localhost', 'http://localhost:8080'],
    'https://127.0.0.1:8443': ['localhost', 'https://localhost:8443'],
    'http://localhost:8080': ['localhost', 'http://localhost:8080'],
    'http://milepost.localhost': ['milepost.localhost', 'http://milepost.localhost'],
  };
  for (const [address, [id, origin]] of Object.entries(found)) assert.deepEqual(passkeyOrigin(address), { id, origin });
  for (const address of ['http://milepost.example', 'https://192.0.2.7', 'https://[2001:db8::1]', 'http://127.0.0.2:8080', ''])
    assert.equal(passkeyOrigin(address), undefined, address);
});
