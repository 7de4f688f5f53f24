import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { problemDetails } from '@milepost/contract/api';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import type { Logger } from '../kernel/index.ts';
import { silentLogger } from '../kernel/index.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { addRecordedDevices, type RecordedDevice } from './testing/recorded-device.ts';

const errors: string[] = [];
const logger: Logger = { ...silentLogger, error: (message) => void errors.push(message) };
let server: TestServer;
let device: RecordedDevice;

before(async () => {
  server = await openTestServer('login_fuzz', {}, { logger });
  [device] = (await addRecordedDevices(server, 1)) as [RecordedDevice];
});
after(() => server.close());

/** What a good body has in place of its fields, or anything else. */
const field = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.jsonValue(),
  fc.constantFrom('352000000000000', ' 352000000000000 ', '３５２０００００００００００0', '__proto__', '', null, 0, [], {}),
);
const json = fc.oneof(
  fc.record({ imei: field, secret: field }, { requiredKeys: [] }),
  fc.record({ imei: fc.constant('352000000000000'), secret: field }),
  fc.jsonValue(),
);
const body = fc.oneof(
  json.map((value) => JSON.stringify(value)),
  json.map((value) => JSON.stringify(value).slice(0, -1)),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom('', '{"__proto__":{"imei":"1"}}', '{"imei":"352000000000000","imei":"1","secret":"x"}', '['.repeat(5000)),
);
const type = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'text/plain',
  'application/x-www-form-urlencoded',
  '',
);
/** The caller's fault, each by name; 429 after too many of them. */
const expected = new Map<number, readonly string[]>([
  [400, ['bad_request', 'invalid_field']],
  [401, ['unauthorized']],
  [413, ['payload_too_large']],
  [415, ['unsupported_media_type']],
  [429, ['too_many_failures']],
]);

test('whatever is sent to log in is refused by name, never an error of ours, and lets nobody in', {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(body, fc.uint8Array({ maxLength: 200 })), type, async (sent, contentType) => {
      const payload = typeof sent === 'string' ? sent : new Uint8Array(sent);
      const headers = contentType === '' ? {} : { 'content-type': contentType };
      const answer = await fetch(`${server.origin}/v1/devices/login`, { method: 'POST', headers, body: payload });
      const text = await answer.text();
      assert.equal(answer.headers.get('content-type'), 'application/problem+json', text);
      const problem: unknown = JSON.parse(text);
      assert.ok(Value.Check(problemDetails, problem), text);
      assert.ok(expected.get(answer.status)?.includes(problem.code), `${answer.status} ${text}`);
      assert.equal(answer.status === 429, answer.headers.has('retry-after'));
      assert.ok(!text.includes('node:') && !text.includes('.ts:'), 'no stack goes out');
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 400), examples: [['x'.repeat(1024 * 1024 + 1), 'application/json']] },
  );
  assert.deepEqual(errors, []);
  assert.ok((await device.login()).length > 20, 'failures of strangers do not lock a device out');
});
