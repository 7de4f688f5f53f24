import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { apiLimits } from '@milepost/contract/api';
import type { FastifyReply } from 'fastify';
import type { Clock } from '../kernel/index.ts';
import { cutWhenStalled } from './export/cut-stalled.ts';
import { csvText } from './history/write-csv.ts';
import { httpLimits } from './limits.ts';

/** A column of a list as CSV; null and undefined are an empty cell. */
export interface CsvColumn<T> {
  readonly name: string;
  readonly of: (item: T) => string | number | null | undefined;
}

export interface CsvPage<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const cell = (value: string | number | null | undefined): string =>
  typeof value === 'number' ? String(value) : csvText(value ?? '');

const pieces = async function* <T>(
  columns: readonly CsvColumn<T>[],
  first: CsvPage<T>,
  readNext: (cursor: string) => Promise<CsvPage<T>>,
): AsyncGenerator<string> {
  yield `${columns.map(({ name }) => csvText(name)).join(',')}\r\n`;
  let rows = 0;
  for (let page = first; ; ) {
    let text = '';
    for (const item of page.items.slice(0, apiLimits.csvRowsMax - rows))
      text += `${columns.map(({ of }) => cell(of(item))).join(',')}\r\n`;
    if (text !== '') yield text;
    rows += page.items.length;
    if (page.next === null || rows >= apiLimits.csvRowsMax) return;
    await nextTurn();
    page = await readNext(page.next);
  }
};

export interface CsvList<T> {
  /** Of the file. */
  readonly name: string;
  readonly columns: readonly CsvColumn<T>[];
  readonly read: (cursor: string | undefined) => Promise<CsvPage<T>>;
}

/** Answers a list as CSV, page after page as the client takes it, up to `csvRowsMax` rows. What is wrong with the question is told before. */
export const sendCsvList = async <T>(reply: FastifyReply, clock: Clock, list: CsvList<T>): Promise<FastifyReply> => {
  const first = await list.read(undefined);
  cutWhenStalled(reply.raw, clock, httpLimits.exportStallMs);
  return reply
    .headers({ 'content-type': 'text/csv; charset=utf-8', 'content-disposition': `attachment; filename="${list.name}"` })
    .send(Readable.from(pieces(list.columns, first, list.read), { objectMode: false }));
};
