import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallerError } from '../../kernel/index.ts';
import { decideRequest, requestStateAt, requestTable } from './decide-request.ts';
import { type ConsentRequest, requestStates } from './types.ts';

const request: ConsentRequest = {
  reader: { kind: 'app', appNo: 1 },
  personNo: 2,
  items: [{ item: 'energy' }],
  vehicleNos: [],
  purpose: 'insurance',
  purposeVersion: '1',
  untilMs: null,
  backDays: 0,
  askedAtMs: 0,
  expiresAtMs: 100,
  state: 'asked',
  answeredAtMs: null,
};

test('a request is answered once, and not after its time', () => {
  const given = decideRequest(request, { kind: 'give', atMs: 99 });
  assert.deepEqual([given.state, given.answeredAtMs], ['given', 99]);
  assert.equal(requestStateAt(request, 99), 'asked');
  assert.equal(requestStateAt(request, 100), 'expired');
  for (const late of [
    given,
    decideRequest(request, { kind: 'refuse', atMs: 5 }),
    decideRequest(request, { kind: 'expire', atMs: 100 }),
  ])
    assert.throws(
      () => decideRequest(late, { kind: 'give', atMs: 50 }),
      (error) => error instanceof CallerError && error.code === 'request_answered',
    );
  assert.throws(() => decideRequest(request, { kind: 'give', atMs: 100 }), CallerError);
  assert.equal(decideRequest(given, { kind: 'expire', atMs: 500 }), given, 'what was given stays so');
});

test('each command has an outcome in each state', () => {
  for (const state of requestStates)
    for (const kind of ['give', 'refuse', 'expire'] as const) {
      const outcome = requestTable[state][kind];
      const of = { ...request, state };
      const run = () => decideRequest(of, { kind, atMs: 50 }).state;
      if (outcome === 'refuse') assert.throws(run, CallerError);
      else assert.equal(run(), outcome === 'nothing' ? state : outcome);
    }
});
