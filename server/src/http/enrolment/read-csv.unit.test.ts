import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CallerError } from '../../kernel/index.ts';
import { readHead, readLine } from './columns.ts';
import { delimiterOf } from '../../protocols/csv/index.ts';
import { type CsvLimits, readCsv } from './read-csv.ts';

const limits: CsvLimits = { rowsMax: 100, rowBytesMax: 1000, bytesPerSlice: 16 };
const cellsOf = async (text: string): Promise<(readonly string[])[]> => (await readCsv(text, limits)).map(({ cells }) => cells);
const refusedAs = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof CallerError && error.code === code && words.test(`${error.message} ${error.details.expected}`);

describe('CSV', () => {
  it('reads commas, semicolons and tabs, LF and CRLF, quotes and a byte order mark', async () => {
    const expected = [
      ['imei', 'note'],
      ['1', 'a, "b"; c'],
      ['2', ''],
    ];
    assert.deepEqual(await cellsOf('imei,note\n1,"a, ""b""; c"\n2,\n'), expected);
    assert.deepEqual(await cellsOf('\uFEFFimei;note\r\n1;"a, ""b""; c"\r\n2;'), expected);
    assert.deepEqual(await cellsOf('imei\tnote\r1\t"a, ""b""; c"\r 2 \t'), expected);
    assert.equal(delimiterOf('imei'), ',');
  });

  it('tells the line on which a row begins, whatever lies between', async () => {
    const rows = await readCsv('imei,note\r\n1,"over\r\nthree\r\nlines"\r\n\r\n,\r\n2,x\r\n', limits);
    assert.deepEqual(
      rows.map(({ line }) => line),
      [1, 2, 7],
    );
  });

  it('names the line from which on it is no CSV', async () => {
    await assert.rejects(readCsv('imei,note\n1,x\n2,"never closed\n3,x\n', limits), refusedAs('bad_request', /line 3/));
    await assert.rejects(readCsv('imei,note\n1,in"side\n', limits), refusedAs('bad_request', /line 2/));
    await assert.rejects(readCsv(`imei\n${'1'.repeat(5000)}\n`, limits), refusedAs('bad_request', /line 2/));
  });

  it('refuses more rows than allowed, and reads so many', async () => {
    const rows = (count: number): string => `imei\n${'1\n'.repeat(count)}`;
    assert.equal((await readCsv(rows(100), limits)).length, 101);
    await assert.rejects(readCsv(rows(101), limits), refusedAs('payload_too_large', /at most 100/));
    assert.deepEqual(await readCsv('', limits), []);
  });

  it('reads what was written, whatever the cells hold and wherever it is cut', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', ';', '\t', '\n', '\r\n', ' x'), maxLength: 6 });
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }));
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom(',', ';', '\t'), fc.constantFrom('\n', '\r\n'), async (rows, delimiter, ending) => {
        const head = Array.from({ length: rows[0]?.length ?? 1 }, (_, i) => `c${i}`);
        const quoted = rows.map((cells) => cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(delimiter));
        const text = [head.join(delimiter), ...quoted].join(ending);
        // With a single column nothing says what divides the cells.
        if (head.length === 1 && delimiter !== ',') return;
        const before = (i: number): string => [head.join(delimiter), ...quoted.slice(0, i), ''].join(ending);
        const expected = rows.flatMap((cells, i) =>
          cells.some((one) => one !== '') ? [{ line: before(i).split('\n').length, cells }] : [],
        );
        assert.deepEqual(await readCsv(text, limits), [{ line: 1, cells: head }, ...expected]);
      }),
    );
  });
});

describe('columns', () => {
  const head = readHead(['VIN', 'Imei', 'customer', 'grosswEightKg', 'tirePlacardKpa', 'groups', 'from', 'kind']);

  it('reads each cell as what its column is, and leaves out empty ones', () => {
    const cells = ['V', '1', 'Acme', '690', '240 240  260 260', 'night | south|', '2026-11-01', ''];
    const { line } = readLine(head, { line: 9, cells });
    assert.deepEqual(line, {
      line: 9,
      vehicle: {
        vin: 'V',
        customer: 'Acme',
        grossWeightKg: 690,
        tirePlacardKpa: [240, 240, 260, 260],
        groups: ['night', 'south'],
      },
      device: { imei: '1', fromMs: Date.UTC(2026, 10, 1) },
      problems: [],
    });
  });

  it('notes what cannot be read, and a row of another width', () => {
    const { line, cells } = readLine(head, { line: 2, cells: ['V', '1', 'Acme', 'heavy', '', '', 'yesterday'] });
    assert.deepEqual(
      line.problems.map(({ field }) => field),
      ['line', 'from'],
    );
    assert.equal(line.vehicle.grossWeightKg, 'heavy', 'the registry says what it expected');
    assert.equal(cells['from'], 'yesterday');
  });

  it('refuses a head with a column that is unknown, missing or there twice', () => {
    for (const [cells, words] of [
      [['imei', 'vin', 'customer', 'colour'], /colour.*only the columns/],
      [['imei', 'vin'], /customer/],
      [['imei', 'vin', 'customer', 'IMEI'], /once/],
    ] as const)
      assert.throws(() => readHead(cells), refusedAs('invalid_field', words));
  });
});
