import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { recordKinds } from '../../../events/index.ts';
import { makeRecord, viewOf } from '../../test-support.ts';
import { messageHead } from './message.ts';

interface GoldenMessage {
  readonly value: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestamp: number;
}

const golden = JSON.parse(
  readFileSync(new URL('./golden/messages-v1.json', import.meta.url), 'utf8'),
) as readonly GoldenMessage[];

const headOf = (record: Uint8Array) => {
  const { key, headers, timestamp } = messageHead(viewOf(record), 0);
  const texts = Object.fromEntries([...headers].map(([name, value]) => [String(name), String(value)]));
  return { key: key.toString('hex'), headers: texts, timestamp: Number(timestamp) };
};

test('messages are as they were when their format was fixed', () => {
  for (const { value, ...head } of golden) assert.deepEqual(headOf(Buffer.from(value, 'hex')), head);
});

test('each kind of record has its name in the headers', () => {
  for (const [name, kind] of Object.entries(recordKinds)) {
    const record = makeRecord({ seq: 1 });
    record[1] = kind;
    assert.deepEqual(headOf(record).headers, { version: '1', kind: name });
  }
});
