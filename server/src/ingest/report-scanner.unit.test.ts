import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreSignals, coreVocabulary, type SignalDefinition } from '@milepost/contract';
import fc from 'fast-check';
import { ByteWriter, encodeColumns, ReportBuilder, samplesPerReportMax } from '../events/index.ts';
import { checkSample, SignalFinder } from './check-sample.ts';
import { isAnyWithoutPosition } from './no-position.ts';
import { ReportScanner } from './report-scanner.ts';
import { readSampleTime } from './sample-time.ts';
import { VerdictBuilder } from './verdict.ts';

const t0 = Date.UTC(2026, 10, 20, 12);
const scanner = new ReportScanner(coreVocabulary);
const context = { finder: new SignalFinder(coreVocabulary), keptFromMs: undefined, storedBefore: undefined };

type Sample = { readonly time?: unknown; readonly signals?: unknown } | null;

/** The report that the samples make value by value; undefined when anything of them is refused. */
const checked = (samples: readonly Sample[]): string | undefined => {
  const builder = new ReportBuilder();
  const verdict = new VerdictBuilder();
  for (const [i, sample] of samples.entries()) {
    const timeMs = readSampleTime(sample?.time);
    if (Number.isNaN(timeMs) || checkSample(i, sample, timeMs, timeMs, context, builder, verdict) === 0) return undefined;
  }
  if (verdict.build(0, true).rejected.length > 0) return undefined;
  const out = new ByteWriter();
  builder.encode(out);
  return Buffer.from(out.toBytes()).toString('hex');
};

const scanned = (): string => {
  const out = new ByteWriter();
  encodeColumns(out, scanner.columns());
  return Buffer.from(out.toBytes()).toString('hex');
};

/** What the scanner reads is what the parser reads; answers whether it read it. */
const agrees = (text: string): boolean => {
  if (!scanner.scanReport(Buffer.from(text))) return false;
  const { boot, seq } = scanner;
  const report = JSON.parse(text) as { boot?: number; seq?: number; samples: Sample[] };
  // The parser makes −0 of `-0`, which is the same number.
  const same = (number: number | undefined) => (number === 0 ? 0 : number);
  assert.deepEqual([boot, seq], [same(report.boot), same(report.seq)]);
  // Refused after the scan, not by it.
  if (!isAnyWithoutPosition(scanner.columns())) assert.equal(scanned(), checked(report.samples));
  return true;
};

/** Values of a signal as JSON text: most of them good. */
const valueOf = ({ kind, min, max, perUnit, values = [] }: SignalDefinition): fc.Arbitrary<string> => {
  if (kind === 'number') {
    const [least, most] = [Math.ceil(min * perUnit), Math.floor(max * perUnit)];
    const rounded = fc.integer({ min: least, max: most }).map((stored) => stored / perUnit);
    // Between two stored numbers, as near as a double comes.
    const half = fc.integer({ min: least, max: most - 1 }).map((stored) => (stored + 0.5) / perUnit);
    const whole = fc.integer({ min: Math.ceil(min), max: Math.floor(max) });
    const fraction = fc.stringMatching(/^\d{1,20}$/);
    return fc.oneof(
      { weight: 6, arbitrary: rounded.map(String) },
      { weight: 3, arbitrary: half.map(String) },
      { weight: 3, arbitrary: half.map((value) => value.toFixed(18)) },
      { weight: 3, arbitrary: fc.tuple(whole, fraction).map((parts) => parts.join('.')) },
      { weight: 1, arbitrary: fc.double({ min: min - 1, max: max + 1, noNaN: true }).map(String) },
    );
  }
  if (kind === 'boolean') return fc.constantFrom('true', 'false');
  if (kind === 'enum') return fc.constantFrom(...values).map((value) => JSON.stringify(value));
  if (kind === 'string') return fc.stringMatching(/^[ -~]{0,17}$/).map((value) => JSON.stringify(value));
  return fc.constantFrom('[]', '["P0562"]');
};

const space = fc.constantFrom('', '', '', ' ', '\n  ', '\r\n', '\t');
const time = fc.oneof(
  fc.integer({ min: t0, max: t0 + 1_000_000 }).map(String),
  fc.integer({ min: t0, max: t0 + 1_000_000 }).map((ms) => JSON.stringify(new Date(ms).toISOString())),
  fc.tuple(fc.nat(1000), fc.stringMatching(/^\d{1,5}$/)).map(([ms, fraction]) => `${t0 + ms}.${fraction}`),
);
const signals = fc
  .uniqueArray(fc.constantFrom(...coreSignals), { minLength: 1, maxLength: 6 })
  .chain((chosen) => fc.tuple(...chosen.map((signal) => valueOf(signal).map((value) => [signal.path, value] as const))));
const sample = fc.tuple(time, signals, space).map(([at, values, gap]) => {
  const members = values.map(([path, value]) => `${gap}"${path}"${gap}:${gap}${value}${gap}`);
  return `{${gap}"time":${gap}${at},${gap}"signals"${gap}:${gap}{${members.join(',')}}${gap}}`;
});
const samples = fc.array(sample, { minLength: 1, maxLength: 3 });
const report = fc
  .tuple(fc.nat(), fc.nat(), samples, space)
  .map(([boot, seq, all, gap]) => `${gap}{"boot":${gap}${boot},"seq":${seq},${gap}"samples":[${all.join(`${gap},`)}]}${gap}`);

test('what the scanner reads of a report is what the parser and the look at each value make of it', () => {
  let read = 0;
  fc.assert(
    fc.property(report, (text) => {
      if (agrees(text)) read++;
    }),
    { numRuns: 2000 },
  );
  assert.ok(read > 1000, `${read} of 2000 were read`);
});

test('and of a damaged one: it says no, or it agrees', () => {
  const damage = fc.tuple(
    fc.nat(),
    fc.constantFrom('', '"', ',', '{', '}', '0', '-', '.', 'e', '\\', ' ', '\n', 'é', 'x'),
    fc.nat(3),
  );
  fc.assert(
    fc.property(report, damage, (text, [place, put, taken]) => {
      const at = place % text.length;
      agrees(text.slice(0, at) + put + text.slice(at + taken));
    }),
    { numRuns: 5000 },
  );
});

test('NDJSON: as a report of the same samples', () => {
  const line = sample.map((text) => text.replaceAll(/[\r\n]/g, ' '));
  const between = fc.constantFrom('\n', '\r\n', '\n\n', '\n \t\n');
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), between, fc.boolean(), (lines, separator, isEnded) => {
      const text = lines.join(separator) + (isEnded ? separator : '');
      const isRead = scanner.scanLines(Buffer.from(text));
      const asLines = isRead ? scanned() : undefined;
      assert.equal(agrees(`{"samples":[${lines.join(',')}]}`), isRead);
      if (isRead) assert.equal(asLines, scanned());
    }),
    { numRuns: 1000 },
  );
});

const good = `{"time":${t0},"signals":{"Vehicle.Speed":43.2,"Vehicle.TraveledDistance":18204300}}`;
const reportOf = (...all: readonly string[]): string => `{"boot":1,"seq":2,"samples":[${all.join(',')}]}`;

test('the reports that devices send are read', () => {
  for (const text of [
    reportOf(good),
    reportOf(good, good.replace(String(t0), '"2026-11-20T12:00:01Z"')),
    `{"samples":[${good}],"seq":2,"boot":1}`,
    `{"samples":[${good}]}`,
    JSON.stringify(JSON.parse(reportOf(good)), null, 2),
    reportOf(...Array.from({ length: samplesPerReportMax }, () => good)),
  ])
    assert.ok(agrees(text), text.slice(0, 200));
});

test('what it leaves to the parser', () => {
  for (const [why, text] of Object.entries({
    'no JSON': reportOf(good).slice(1),
    'something behind it': `${reportOf(good)}{`,
    heartbeat: reportOf(),
    'a sample without a value': reportOf(`{"time":${t0},"signals":{}}`),
    'too many samples': reportOf(...Array.from({ length: samplesPerReportMax + 1 }, () => good)),
    'a signal that nobody knows': reportOf(good.replace('Speed', 'Sped')),
    'a signal named twice': reportOf(good.replace('TraveledDistance', 'Speed')),
    'samples named twice': `{"samples":[${good}],"samples":[${good}]}`,
    'seq named twice': `{"seq":1,"seq":2,"samples":[${good}]}`,
    'a seq that is none': `{"seq":-1,"samples":[${good}]}`,
    'a seq with a fraction': `{"seq":1.5,"samples":[${good}]}`,
    'something out of bounds': reportOf(good.replace('43.2', '4300')),
    null: reportOf(good.replace('43.2', 'null')),
    'a text for a number': reportOf(good.replace('43.2', '"43.2"')),
    'an exponent': reportOf(good.replace('43.2', '432e-1')),
    'a number that JSON does not know': reportOf(good.replace('43.2', '043.2')),
    'a point without a digit': reportOf(good.replace('43.2', '43.')),
    'a time that is none': reportOf(good.replace(String(t0), '"yesterday"')),
    'an escape in a key': reportOf(good.replace('Speed', 'Sp\\u0065ed')),
    'a message that is no report': '{"goodbye":true}',
  }))
    assert.equal(scanner.scanReport(Buffer.from(text)), false, why);
  for (const text of ['', '\n', `${good}${good}`, `${good}\n{`, good.replace(',', '\n,')])
    assert.equal(scanner.scanLines(Buffer.from(text)), false, text);
});
