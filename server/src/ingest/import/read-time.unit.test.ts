import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CallerError, TimeZone } from '../../kernel/index.ts';
import { timeReader } from './read-time.ts';

const at = (text: string): number => Date.parse(text);

describe('times of files', () => {
  it('are ISO 8601 with a zone, or of the zone that was given', () => {
    const read = timeReader('iso', 'America/New_York');
    for (const [text, expected] of [
      ['2026-11-20T12:00:00Z', '2026-11-20T12:00:00Z'],
      ['2015-12-11T15:43:13.994+01:00', '2015-12-11T14:43:13.994Z'],
      ['2026-11-20 12:00', '2026-11-20T17:00:00Z'],
      ['2026-07-20T12:00:00,5', '2026-07-20T16:00:00.500Z'],
      ['2026-11-20T12:00:00.1234567Z', '2026-11-20T12:00:00.123Z'],
    ] as const)
      assert.equal(read(text), at(expected), text);
    for (const text of ['', '2026-11-20', '2026-02-30T00:00:00Z', '2026-11-20T24:00:00Z', '2026-11-20T12:60:00Z', 'now'])
      assert.ok(Number.isNaN(read(text)), text);
  });

  it('are counted from 1970', () => {
    assert.equal(timeReader('epochSeconds')('1793520000.25'), 1_793_520_000_250);
    assert.equal(timeReader('epochMilliseconds')('1793520000250'), 1_793_520_000_250);
    for (const text of ['-1', '1e9', '99999999999999999']) assert.ok(Number.isNaN(timeReader('epochMilliseconds')(text)), text);
  });

  it('follow a pattern', () => {
    for (const [pattern, text, expected] of [
      ['dd.MM.yyyy HH:mm:ss', '20.11.2026 12:00:05', '2026-11-20T12:00:05Z'],
      ['M/d/yy h:mm a', '7/4/26 12:05 am', '2026-07-04T00:05:00Z'],
      ['M/d/yy h:mm a', '7/4/26 12:05 PM', '2026-07-04T12:05:00Z'],
      ["yyyyMMdd'T'HHmmss.SSS", '20261120T120005.250', '2026-11-20T12:00:05.250Z'],
    ] as const)
      assert.equal(timeReader(pattern)(text), at(expected), `${pattern} ${text}`);
    for (const [pattern, text] of [
      ['dd.MM.yyyy HH:mm', '31.04.2026 12:00'],
      ['dd.MM.yyyy HH:mm', '1.4.2026 12:00'],
      ['d.M.yyyy h:mm a', '1.4.2026 13:00 pm'],
      ['dd.MM.yyyy HH:mm', '01x04x2026 12:00'],
    ] as const)
      assert.ok(Number.isNaN(timeReader(pattern)(text)), `${pattern} ${text}`);
    for (const pattern of ['dd.MM.yyyy', 'yyyy-MM-dd hh:mm', 'yyyy-QQ-dd HH:mm', 'yyyy-MM-dd HH:mm HH'])
      assert.throws(
        () => timeReader(pattern),
        (error) => error instanceof CallerError && error.details.field === 'mapping.time.format',
      );
  });

  it('are found again, whatever the zone', () => {
    const moment = fc.integer({ min: Date.UTC(1990, 0, 1) / 1000, max: Date.UTC(2037, 0, 1) / 1000 });
    fc.assert(
      fc.property(fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe'), moment, (zone, seconds) => {
        const shown = new Date(new TimeZone(zone).localMsAt(seconds * 1000)).toISOString().slice(0, 19).replace('T', ' ');
        const read = timeReader('yyyy-MM-dd HH:mm:ss', zone)(shown);
        const isSecond = new TimeZone(zone).localMsAt(read) === new TimeZone(zone).localMsAt(seconds * 1000);
        assert.ok(read <= seconds * 1000 && isSecond, `${zone} ${shown}`);
      }),
    );
  });
});
