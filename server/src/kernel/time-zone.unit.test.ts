import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isTimeZone, TimeZone } from './time-zone.ts';

const local = (text: string): number => Date.parse(`${text}Z`);
const iso = (ms: number): string => new Date(ms).toISOString();

describe('local time', () => {
  const berlin = new TimeZone('Europe/Berlin');

  it('is ahead of UTC by what the zone says, summer and winter', () => {
    assert.equal(berlin.offsetMsAt(Date.parse('2026-01-15T12:00:00Z')), 3_600_000);
    assert.equal(berlin.offsetMsAt(Date.parse('2026-07-15T12:00:00Z')), 7_200_000);
    assert.equal(new TimeZone('Asia/Kathmandu').offsetMsAt(Date.parse('2026-07-15T12:00:00Z')), 20_700_000);
    assert.equal(new TimeZone('UTC').offsetMsAt(0), 0);
  });

  it('skips an hour in spring', () => {
    assert.deepEqual(berlin.momentAt(local('2026-03-29T01:59:59')), { ms: Date.parse('2026-03-29T00:59:59Z'), kind: 'once' });
    assert.deepEqual(berlin.momentAt(local('2026-03-29T02:30:00')), { ms: Date.parse('2026-03-29T01:30:00Z'), kind: 'skipped' });
    assert.deepEqual(berlin.momentAt(local('2026-03-29T03:00:00')), { ms: Date.parse('2026-03-29T01:00:00Z'), kind: 'once' });
  });

  it('has an hour twice in autumn, of which the first counts', () => {
    assert.deepEqual(berlin.momentAt(local('2026-10-25T02:30:00')), { ms: Date.parse('2026-10-25T00:30:00Z'), kind: 'twice' });
    assert.deepEqual(berlin.momentAt(local('2026-10-25T03:00:00')), { ms: Date.parse('2026-10-25T02:00:00Z'), kind: 'once' });
  });

  it('knows names of zones from others', () => {
    for (const zone of ['UTC', 'Europe/Madrid', 'America/Argentina/Buenos_Aires']) assert.ok(isTimeZone(zone), zone);
    for (const zone of ['', 'Mars/Olympus', '+02:00', 'Europe/Berlin\n']) assert.ok(!isTimeZone(zone), zone);
  });

  it('finds each moment again from what clocks show, in every zone', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    const moment = fc.integer({ min: Date.UTC(1975, 0, 1), max: Date.UTC(2060, 0, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...zones), moment, (name, ms) => {
        const zone = new TimeZone(name);
        const shown = zone.localMsAt(ms);
        const found = zone.momentAt(shown);
        assert.equal(zone.localMsAt(found.ms), shown, `${name} ${iso(ms)}`);
        if (found.kind === 'once') assert.equal(found.ms, ms, `${name} ${iso(ms)}`);
        else assert.ok(found.kind === 'twice' && found.ms <= ms, `${name} ${iso(ms)}: ${found.kind}`);
      }),
      { numRuns: 2000 },
    );
  });
});
