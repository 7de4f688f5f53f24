import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../../events/index.ts';
import { FleetState } from './fleet-state.ts';
import { addPage, encodePage } from './keyframe-page.ts';

const signals = [3, 5, 35, 60];
const atMs = 1_795_000_200_000;
const everything = { atMs, isWanted: () => true, removed: () => undefined };

interface Cell {
  readonly slot: number;
  readonly signal: number;
  readonly ageMs: number;
  readonly value: number | string;
  readonly device: number;
}

const stateOf = (cells: readonly Cell[], changes: readonly number[], index = 2): FleetState => {
  const state = new FleetState(signals);
  state.reset(index * 1024, 1024);
  for (const { slot, signal, ageMs, value, device } of cells) {
    const isText = typeof value === 'string';
    state.put(slot, signal, atMs - ageMs, isText ? state.wordOf(value) : value, isText, device, 7);
  }
  for (const slot of changes)
    state.putStatus({
      vehicleNo: index * 1024 + slot,
      at: atMs - slot,
      from: 'never_seen',
      to: slot % 2 === 0 ? 'online' : 'late',
      reason: 'silent',
    });
  state.finish();
  return state;
};

/** Everything that a state says, readable. */
const plain = (state: FleetState): object[] => {
  const found: object[] = [];
  const stored = (value: number, isText: boolean): number | string => (isText ? (state.words[value] as string) : value);
  for (let slot = 0; slot < state.slots; slot++) {
    if ((state.statusAt[slot] as number) >= 0)
      found.push({ slot, since: state.statusAt[slot], status: state.status[slot], reason: state.reasons[slot] });
    for (let signal = 0; signal < signals.length; signal++) {
      const at = signal * state.slots + slot;
      if ((state.times[at] as number) < 0) continue;
      const others = (state.others.get(at) ?? [])
        .map(({ device, time, value, isText }) => ({ device, time, value: stored(value, isText) }))
        .sort((a, b) => a.device - b.device);
      const value = stored(state.values[at] as number, state.isText[at] === 1);
      found.push({ slot, signal, time: state.times[at], value, device: state.devices[at], others });
    }
  }
  return found;
};

const readBack = (bytes: Uint8Array | undefined, index = 2): FleetState => {
  const state = new FleetState(signals);
  state.reset(index * 1024, 1024);
  if (bytes) addPage(state, bytes, { ...everything, index });
  return state;
};

const cell: fc.Arbitrary<Cell> = fc.record({
  slot: fc.oneof(fc.nat(1023), fc.nat(5)),
  signal: fc.nat(signals.length - 1),
  ageMs: fc.oneof(fc.nat(1000), fc.nat(400_000), fc.nat(40 * 86_400_000)),
  value: fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.string({ maxLength: 12 })),
  device: fc.integer({ min: 1, max: 2_000_000 }),
});

test('a page reads as it was written', () => {
  fc.assert(
    fc.property(fc.array(cell, { maxLength: 200 }), fc.uniqueArray(fc.nat(1023), { maxLength: 50 }), (cells, changes) => {
      const state = stateOf(cells, changes);
      const bytes = encodePage(state, atMs, 2, () => false);
      assert.equal(bytes === undefined, cells.length + changes.length === 0);
      assert.deepEqual(plain(readBack(bytes)), plain(state));
    }),
    { numRuns: 200 },
  );
});

const goldenCells: Cell[] = [
  { slot: 0, signal: 0, ageMs: 0, value: 525_200_000, device: 11 },
  { slot: 0, signal: 1, ageMs: 0, value: 501, device: 11 },
  { slot: 0, signal: 1, ageMs: 9000, value: 498, device: 12 },
  { slot: 7, signal: 2, ageMs: 86_400_000, value: '["P0420"]', device: 13 },
  { slot: 1023, signal: 3, ageMs: 59_123, value: -40, device: 2_000_000_000 },
];
const golden = new URL('./golden/keyframe-page-v1.bin', import.meta.url);

test('the golden page of version 1 reads as it was written', () => {
  const state = stateOf(goldenCells, [0, 7, 500]);
  if (process.env['UPDATE_GOLDEN'] === '1')
    writeFileSync(golden, encodePage(state, atMs, 2, (slot) => slot === 900) as Uint8Array);
  const removed: number[] = [];
  const read = new FleetState(signals);
  read.reset(2048, 1024);
  addPage(read, readFileSync(golden), { ...everything, index: 2, removed: (slot) => removed.push(slot) });
  assert.deepEqual(plain(read), plain(state));
  assert.deepEqual(removed, [900]);
});

test('no flipped bit, no cut and no other place is taken for a page', () => {
  const bytes = new Uint8Array(readFileSync(golden));
  const refuses = (damaged: Uint8Array, index = 2, moment = atMs): void => {
    const state = new FleetState(signals);
    state.reset(index * 1024, 1024);
    assert.throws(() => addPage(state, damaged, { ...everything, atMs: moment, index }), FormatError);
    assert.deepEqual(plain(state), []);
  };
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    refuses(damaged);
  }
  for (let length = 0; length < bytes.length; length++) refuses(bytes.slice(0, length));
  refuses(bytes, 3);
  refuses(bytes, 2, atMs + 300_000);
});
