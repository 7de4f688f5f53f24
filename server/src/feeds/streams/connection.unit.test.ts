import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feedStreamLimits } from '../limits.ts';
import { StreamConnection, type StreamEnd } from './connection.ts';

const position = { appNo: 1, atMs: 0, log: { report: {} }, grants: { writtenMs: 0, told: [] } };

const open = (unsentBytes: () => number) => {
  const sent: string[] = [];
  const ends: StreamEnd[] = [];
  const owner = { appNo: 1, vehicleNos: new Set([1]), grantIds: new Set<string>(), isLetIn: () => true };
  const sink = {
    send: (_type: string, text: string) => void sent.push(text),
    unsentBytes,
    close: (end: StreamEnd) => void ends.push(end),
  };
  return { connection: new StreamConnection(owner, sink, position, {}), sent, ends };
};
const message = (text: string) => ({ type: 'vehicle.changed', text, cursor: text });

test('who takes nothing is told why the stream ends, once, and nothing after it', () => {
  let unsent = feedStreamLimits.unsentBytesMax;
  const { connection, sent, ends } = open(() => unsent);
  connection.goLive();
  connection.take(message('in time'));
  unsent++;
  connection.take(message('too much'));
  connection.take(message('after it'));
  connection.close('going_away');
  assert.deepEqual([sent, ends, connection.isClosed], [['in time'], ['too_slow'], true]);
});

test('what comes while a stream reads what it missed waits in order, up to its limit, and is told after it', () => {
  const { connection, sent } = open(() => 0);
  const texts = Array.from({ length: feedStreamLimits.waitingMax }, (_, i) => String(i));
  for (const text of texts) assert.equal(connection.take(message(text)), true);
  assert.equal(connection.take(message('one too many')), false);
  assert.deepEqual(sent, []);
  connection.goLive();
  assert.deepEqual(sent, texts);
});

test('what waited is forgotten when it may no longer be told as it was', () => {
  const { connection, sent } = open(() => 0);
  connection.take(message('as it was granted before'));
  connection.forgetWaiting({ 0: 7 });
  connection.goLive();
  assert.deepEqual([sent, connection.joinAt], [[], { 0: 7 }]);
});
