import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeManualClock } from '../../kernel/index.ts';
import { listenerLimits } from '../limits.ts';
import { SilencePatrol, type Watched } from './silence-patrol.ts';

const { silenceCheckMs } = listenerLimits;
const stepMs = 100;

test('who is silent is pinged after one interval and ended after two; who answers, or speaks, is neither; never many at once', () => {
  const clock = makeManualClock(0);
  const events: { readonly what: string; readonly atMs: number }[] = [];
  const connections = new Set<Watched>();
  const patrol = new SilencePatrol(clock, connections);
  const connect = (name: string): Watched => {
    const note = (what: string): void => void events.push({ what: `${name} ${what}`, atMs: clock.now() });
    const connection = { heardInRound: patrol.round, socket: { ping: () => note('pinged'), destroy: () => note('ended') } };
    connections.add(connection);
    return connection;
  };
  const [silent, answers, speaks] = [connect('silent'), connect('answers'), connect('speaks')];
  const crowd = Array.from({ length: 5000 }, () => connect('crowd'));
  let [pinged, mostAtOnce] = [0, 0];
  for (; clock.now() < 2.3 * silenceCheckMs; clock.advance(stepMs)) {
    speaks.heardInRound = patrol.round;
    const news = events.slice(pinged);
    pinged = events.length;
    mostAtOnce = Math.max(mostAtOnce, news.length);
    if (news.some(({ what }) => what === 'answers pinged')) answers.heardInRound = patrol.round;
    if (news.some(({ what }) => what === 'silent ended')) connections.delete(silent);
  }
  const at = (what: string): number[] => events.filter((event) => event.what === what).map(({ atMs }) => atMs / silenceCheckMs);
  const isAbout = (times: readonly number[], expected: number): boolean =>
    times.length === 1 && (times[0] as number) >= expected && (times[0] as number) < expected + 0.25;
  assert.ok(isAbout(at('silent pinged'), 1), String(at('silent pinged')));
  assert.ok(isAbout(at('silent ended'), 2), String(at('silent ended')));
  assert.equal(at('answers pinged').length, 2);
  assert.deepEqual([at('answers ended'), at('speaks pinged')], [[], []]);
  assert.equal(at('crowd pinged').length, crowd.length);
  assert.ok(mostAtOnce < crowd.length / 20, `${mostAtOnce} at once`);
  patrol.stop();
  const before = events.length;
  clock.advance(10 * silenceCheckMs);
  assert.equal(events.length, before, 'it has stopped');
});
