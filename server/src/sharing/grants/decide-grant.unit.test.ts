import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coreSignal, coreVocabulary, type SignalDefinition } from '@milepost/contract';
import { type ConsentItem, placePrecisions, timePrecisions } from '@milepost/contract/api';
import fc from 'fast-check';
import { isAtMostAsFine } from '../../events/index.ts';
import { CallerError } from '../../kernel/index.ts';
import { asOf, decideGrant, evolveGrant, type GrantStatus, grantOf, grantTable } from './decide-grant.ts';
import { checkItems, itemOfSignal, precisionOfItem } from './items.ts';
import type { Answer, Grant, GrantCommand, GrantCommandKind, GrantEvent, GrantTerms } from './types.ts';

const answer: Answer = { textVersion: '1', language: 'en', method: 'web' };
const done = { byPersonNo: 1, answer };
const terms = (items: readonly ConsentItem[], untilMs: number | null = null): GrantTerms => ({
  holder: { kind: 'person', personNo: 1 },
  reader: { kind: 'app', appNo: 3 },
  vehicleNo: 7,
  items: checkItems(items, coreVocabulary),
  purpose: 'insurance',
  purposeVersion: '2',
  untilMs,
  backToMs: 0,
});
const give = (items: readonly ConsentItem[], untilMs: number | null = null): GrantCommand => ({
  kind: 'give',
  atMs: 10,
  ...done,
  terms: terms(items, untilMs),
});
const after = (...commands: readonly GrantCommand[]): Grant => {
  let grant: Grant | undefined;
  for (const command of commands) for (const event of decideGrant(grant, command)) grant = evolveGrant(grant, event);
  return grant as Grant;
};
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'done';
  } catch (error) {
    return error instanceof CallerError ? error.code : String(error);
  }
};

const speed = coreSignal('Vehicle.Speed');
const paths = ['position', 'motion', 'energy', 'Vehicle.Speed', 'Vehicle.CurrentLocation.Latitude', 'Vehicle.TraveledDistance'];
const anItem = fc
  .tuple(
    fc.constantFrom(...paths),
    fc.constantFrom(...placePrecisions),
    fc.constantFrom(...timePrecisions),
    fc.option(fc.constantFrom(50, 120), { nil: undefined }),
  )
  .map(([item, place, time, above]): ConsentItem => {
    const hasPlace = item === 'position' || item.endsWith('Latitude');
    const hasAbove = item === 'Vehicle.Speed' || item === 'Vehicle.TraveledDistance';
    return { item, time, ...(hasPlace ? { place } : {}), ...(hasAbove && above !== undefined ? { above } : {}) };
  });
const items = fc.uniqueArray(anItem, { selector: ({ item }) => item, minLength: 1, maxLength: 5 });
const aCommand: fc.Arbitrary<(atMs: number) => GrantCommand> = fc.oneof(
  fc.tuple(items, fc.option(fc.integer({ min: 1, max: 60 }))).map(
    ([wanted, days]) =>
      (atMs: number): GrantCommand => ({
        ...give(wanted, days === null ? null : atMs + days),
        atMs,
      }),
  ),
  fc.tuple(items, fc.option(fc.integer({ min: -5, max: 60 }), { nil: undefined })).map(([left, days]) => (atMs: number) => ({
    kind: 'narrow' as const,
    atMs,
    ...done,
    items: checkItems(left, coreVocabulary),
    ...(days === undefined ? {} : { untilMs: atMs + days }),
  })),
  fc.constant((atMs: number) => ({ kind: 'pause' as const, atMs, ...done })),
  fc.constant((atMs: number) => ({ kind: 'resume' as const, atMs, ...done })),
  fc
    .constantFrom('holder' as const, 'expired' as const, 'transferred' as const)
    .map((reason) => (atMs: number) => ({ kind: 'end' as const, atMs, byPersonNo: null, reason, answer: null })),
);
const commands = fc.array(fc.tuple(aCommand, fc.integer({ min: 0, max: 20 })), { maxLength: 14 });

/** How each item that covers a signal tells it. */
const waysOf = (grant: Grant, signal: SignalDefinition) =>
  grant.items.flatMap((item) => (itemOfSignal([item], signal) ? precisionOfItem(item, signal) : []));

describe('a grant', () => {
  it('goes its way: given, narrowed, paused, resumed, ended', () => {
    const grant = after(
      give([{ item: 'position' }, { item: 'energy' }]),
      { kind: 'narrow', atMs: 20, ...done, items: [{ item: 'position', place: 'about1km' }] },
      { kind: 'pause', atMs: 30, ...done },
      { kind: 'resume', atMs: 40, ...done },
      { kind: 'end', atMs: 50, ...done, reason: 'holder' },
    );
    assert.equal(grant.state, 'ended');
    assert.deepEqual(grant.items, [{ item: 'position', place: 'about1km' }]);
    assert.deepEqual(grant.givenItems, [{ item: 'energy' }, { item: 'position' }]);
    assert.deepEqual(grant.pauses, [{ fromMs: 30, toMs: 40 }]);
    assert.deepEqual([grant.givenAtMs, grant.endedAtMs, grant.endReason], [10, 50, 'holder']);
  });

  it('is never widened', () => {
    const coarse = after(give([{ item: 'position', place: 'about1km', time: 'hour' }], 100));
    const narrow = (changes: object) => codeOf(() => decideGrant(coarse, { kind: 'narrow', atMs: 20, ...done, ...changes }));
    assert.equal(narrow({ items: [{ item: 'position', place: 'about100m', time: 'hour' }] }), 'grant_widened');
    assert.equal(narrow({ items: [{ item: 'position', place: 'about1km' }] }), 'grant_widened');
    assert.equal(narrow({ items: [{ item: 'energy' }] }), 'grant_widened');
    assert.equal(narrow({ items: [] }), 'invalid_field');
    assert.equal(narrow({ untilMs: 101 }), 'invalid_field');
    assert.equal(narrow({ backToMs: -1 }), 'invalid_field');
    assert.equal(narrow({ items: [{ item: 'position', place: 'about10km', time: 'day' }], untilMs: 99 }), 'done');
  });

  it('has ended at its moment, whether or not anybody wrote so down', () => {
    const grant = after(give([{ item: 'energy' }], 100));
    assert.equal(asOf(grant, 99).state, 'active');
    assert.deepEqual([asOf(grant, 100).state, asOf(grant, 100).endReason], ['ended', 'expired']);
    assert.equal(
      codeOf(() => decideGrant(grant, { kind: 'pause', atMs: 100, ...done })),
      'grant_ended',
    );
    const expire = (atMs: number) => decideGrant(grant, { kind: 'end', atMs, byPersonNo: null, reason: 'expired', answer: null });
    assert.deepEqual(expire(99), [], 'not before');
    assert.deepEqual(
      expire(5000).map(({ atMs }) => atMs),
      [100],
    );
  });

  it('has an outcome for each command in each state', () => {
    const of: Record<GrantStatus, Grant | undefined> = {
      none: undefined,
      active: after(give([{ item: 'energy' }])),
      paused: after(give([{ item: 'energy' }]), { kind: 'pause', atMs: 20, ...done }),
      ended: after(give([{ item: 'energy' }]), { kind: 'end', atMs: 20, ...done, reason: 'holder' }),
    };
    const each: Record<GrantCommandKind, GrantCommand> = {
      give: give([{ item: 'energy' }]),
      narrow: { kind: 'narrow', atMs: 30, ...done, items: [{ item: 'energy', time: 'day' }] },
      pause: { kind: 'pause', atMs: 30, ...done },
      resume: { kind: 'resume', atMs: 30, ...done },
      end: { kind: 'end', atMs: 30, ...done, reason: 'reader' },
    };
    for (const [status, outcomes] of Object.entries(grantTable))
      for (const [kind, outcome] of Object.entries(outcomes)) {
        const run = (): GrantEvent[] => decideGrant(of[status as GrantStatus], each[kind as GrantCommandKind]);
        if (outcome === 'refuse') assert.notEqual(codeOf(run), 'done', `${kind} when ${status}`);
        else assert.equal(run().length, outcome === 'event' ? 1 : 0, `${kind} when ${status}`);
      }
  });

  it('whatever is done: never tells more than before, never comes back, and is what its history says', () => {
    fc.assert(
      fc.property(commands, (steps) => {
        let grant: Grant | undefined;
        const history: GrantEvent[] = [];
        let nowMs = 100;
        for (const [make, wait] of steps) {
          nowMs += wait;
          const before = grant;
          try {
            for (const event of decideGrant(grant, make(nowMs))) {
              grant = evolveGrant(grant, event);
              history.push(event);
            }
          } catch (error) {
            assert.ok(error instanceof CallerError, String(error));
            assert.equal(grant, before);
          }
          if (!before || !grant) continue;
          if (before.state === 'ended') assert.deepEqual(grant, before);
          for (const signal of coreVocabulary.signals) {
            const item = itemOfSignal(grant.items, signal);
            const now = item && precisionOfItem(item, signal);
            const then = waysOf(before, signal);
            assert.ok(!now || then.some((way) => isAtMostAsFine(now, way)), `${signal.path} is told more finely`);
          }
          assert.ok((grant.untilMs ?? Number.POSITIVE_INFINITY) <= (before.untilMs ?? Number.POSITIVE_INFINITY));
          assert.ok(grant.backToMs >= before.backToMs);
        }
        assert.deepEqual(grantOf(history), grant);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the item of a signal', () => {
  const find = (given: readonly ConsentItem[], signal = speed) => itemOfSignal(checkItems(given, coreVocabulary), signal);

  it('is the finest of its own and its group’s', () => {
    assert.deepEqual(
      find([
        { item: 'motion', time: 'day' },
        { item: speed.path, time: 'hour' },
      ]),
      { item: speed.path, time: 'hour' },
    );
    assert.deepEqual(find([{ item: 'motion' }, { item: speed.path, time: 'hour' }]), { item: 'motion' });
    assert.deepEqual(
      find([
        { item: 'motion', time: 'day' },
        { item: speed.path, above: 120 },
      ]),
      { item: 'motion', time: 'day' },
    );
  });

  it('by its path is granted without its group', () => {
    assert.deepEqual(find([{ item: speed.path }]), { item: speed.path });
    assert.equal(find([{ item: speed.path }], coreSignal('Vehicle.IsMoving')), undefined);
  });

  it('of a coarse position is not that of an altitude, which would say where in the cell', () => {
    const coarse: ConsentItem[] = [{ item: 'position', place: 'about1km' }];
    const [latitude, altitude] = ['Latitude', 'Altitude'].map((leaf) => coreSignal(`Vehicle.CurrentLocation.${leaf}`));
    assert.ok(find(coarse, latitude));
    assert.equal(find(coarse, altitude), undefined);
    assert.ok(find([...coarse, { item: 'Vehicle.CurrentLocation.Altitude' }], altitude));
    assert.ok(find([{ item: 'position', time: 'hour' }], altitude));
  });

  it('is refused where it cannot be: a place of no position, a threshold of no single number, twice', () => {
    const refused: ConsentItem[][] = [
      [],
      [{ item: 'nothing' }],
      [{ item: 'Vehicle.Nothing' }],
      [{ item: 'energy', place: 'about1km' }],
      [{ item: 'motion', above: 5 }],
      [{ item: 'Vehicle.IsMoving', above: 0 }],
      [{ item: 'Vehicle.CurrentLocation.Latitude', above: 5 }],
      [{ item: 'energy' }, { item: 'energy', time: 'day' }],
    ];
    for (const one of refused)
      assert.equal(
        codeOf(() => checkItems(one, coreVocabulary)),
        'invalid_field',
        JSON.stringify(one),
      );
    assert.deepEqual(checkItems([{ item: 'motion', time: 'report' }, { item: 'energy' }], coreVocabulary), [
      { item: 'energy' },
      { item: 'motion' },
    ]);
  });
});
