import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whereTo } from './where-to.ts';

test('after signing in only pages of this app are gone to', () => {
  assert.equal(whereTo('/vehicles/veh_1?tab=trips'), '/vehicles/veh_1?tab=trips');
  for (const asked of [undefined, '', 'vehicles', '//evil.example', 'https://evil.example', '/\\evil.example', ['/x']])
    assert.equal(whereTo(asked), '/', String(asked));
});
