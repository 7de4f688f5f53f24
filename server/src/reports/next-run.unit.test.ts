import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimeZone } from '../kernel/index.ts';
import { latestDueMs, nextRunMs, type RunTimes } from './next-run.ts';
import { reportTime } from './periods.ts';

const hourMs = 3_600_000;
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/Santiago'];
const clocks = new Map(
  zones.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23', weekday: 'short', day: 'numeric' }),
  ]),
);
const times = fc.record({
  every: fc.constantFrom('daily' as const, 'weekly' as const, 'monthly' as const),
  weekday: fc.integer({ min: 1, max: 7 }),
  monthDay: fc.integer({ min: 1, max: 31 }),
  hour: fc.integer({ min: 0, max: 23 }),
});
const moment = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) });

/** Whether local clocks show the hour of a run, found without the code under test. */
const fits = ({ every, weekday, monthDay, hour }: RunTimes, zone: string, ms: number): boolean => {
  const parts = clocks.get(zone) as Intl.DateTimeFormat;
  const at = Object.fromEntries(parts.formatToParts(ms).map(({ type, value }) => [type, value]));
  const isLast = parts.formatToParts(ms + 24 * hourMs).find(({ type }) => type === 'day')?.value === '1';
  if (Number(at['hour']) !== hour) return false;
  if (every === 'daily') return true;
  if (every === 'weekly') return ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][weekday - 1] === at['weekday'];
  return Number(at['day']) === monthDay || (Number(at['day']) < monthDay && isLast);
};

test('the next run is later, at its hour, and none was left out', () => {
  fc.assert(
    fc.property(times, fc.constantFrom(...zones), moment, (schedule, name, afterMs) => {
      const zone = new TimeZone(name);
      const next = nextRunMs(schedule, zone, afterMs);
      assert.ok(next > afterMs);
      const isSkipped = zone.momentAt(zone.localMsAt(next)).ms !== next || zone.localMsAt(next) % hourMs !== 0;
      // An hour that the clocks skip comes late by as much as they skip: then it shows another one.
      if (fits(schedule, name, next)) assert.equal(zone.localMsAt(next) % hourMs, 0);
      else
        assert.ok(isSkipped || zone.offsetMsAt(next - 2 * hourMs) !== zone.offsetMsAt(next), `${new Date(next).toISOString()}`);
      // Nothing between fits: looked at by the quarter of an hour, over two days.
      const from = Math.max(afterMs + 1, next - 48 * hourMs);
      for (let ms = Math.ceil(from / 900_000) * 900_000; ms < next; ms += 900_000) {
        const isStart = zone.localMsAt(ms) % hourMs === 0;
        const isSecond = zone.momentAt(zone.localMsAt(ms)).ms !== ms;
        assert.ok(!isStart || isSecond || !fits(schedule, name, ms), `${new Date(ms).toISOString()} was left out`);
      }
    }),
    { numRuns: 100 },
  );
});

test('of missed runs the last one counts', () => {
  fc.assert(
    fc.property(
      times,
      fc.constantFrom(...zones),
      moment,
      fc.integer({ min: 0, max: 400 * 24 }),
      (schedule, name, start, hours) => {
        const zone = new TimeZone(name);
        const due = nextRunMs(schedule, zone, start);
        const now = due + hours * hourMs;
        const latest = latestDueMs(schedule, zone, due, now);
        assert.ok(latest >= due && latest <= now);
        assert.ok(nextRunMs(schedule, zone, latest) > now);
      },
    ),
    { numRuns: 200 },
  );
});

test('monthly on the 31st: the last day of shorter months; at an hour that is skipped: as the clocks have it then', () => {
  const zone = new TimeZone('Europe/Berlin');
  const monthly: RunTimes = { every: 'monthly', weekday: 1, monthDay: 31, hour: 2 };
  const runs: string[] = [];
  for (let at = Date.UTC(2026, 0, 31, 12), n = 0; n < 3; n++) {
    at = nextRunMs(monthly, zone, at);
    runs.push(new Date(at).toISOString());
  }
  assert.deepEqual(runs, ['2026-02-28T01:00:00.000Z', '2026-03-31T00:00:00.000Z', '2026-04-30T00:00:00.000Z']);
  const daily: RunTimes = { ...monthly, every: 'daily' };
  assert.equal(new Date(nextRunMs(daily, zone, Date.UTC(2026, 2, 28, 12))).toISOString(), '2026-03-29T01:00:00.000Z');
});

test('what the words of periods mean', () => {
  // A Wednesday; in Auckland it is Thursday already.
  const now = Date.UTC(2026, 10, 18, 20);
  const told = (period: 'today' | 'lastWeek' | 'thisMonth' | 'lastMonth', timeZone: string) => {
    const { fromMs, toMs, daysBegun } = reportTime({ period, timeZone }, now);
    return [new Date(fromMs).toISOString(), new Date(toMs).toISOString(), daysBegun];
  };
  assert.deepEqual(told('today', 'Pacific/Auckland'), ['2026-11-18T11:00:00.000Z', '2026-11-19T11:00:00.000Z', 1]);
  assert.deepEqual(told('lastWeek', 'Europe/Berlin'), ['2026-11-08T23:00:00.000Z', '2026-11-15T23:00:00.000Z', 7]);
  assert.deepEqual(told('thisMonth', 'UTC'), ['2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z', 18]);
  // Clocks are put back in it: it is an hour longer.
  assert.deepEqual(told('lastMonth', 'Europe/Berlin'), ['2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z', 31]);
  const custom = { period: 'custom' as const, timeZone: 'UTC', from: '2026-02-28', to: '2026-03-01' };
  assert.equal(reportTime(custom, now).daysBegun, 2);
  for (const wrong of [
    { to: '2026-02-30' },
    { to: '2026-02-27' },
    { to: '2028-01-01' },
    { timeZone: 'Moon' },
    { from: undefined },
  ])
    assert.throws(() => reportTime({ ...custom, ...wrong }, now), { code: 'invalid_field' });
});
