import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { apiLimits } from '@milepost/contract/api';
import type { FastifyReply } from 'fastify';
import { type Clock, csvLine, type CsvValue } from '../kernel/index.ts';
import { csvFile } from './csv.ts';
import { cutWhenStalled } from './export/cut-stalled.ts';
import { httpLimits } from './limits.ts';

export interface CsvPage<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface CsvList<T> {
  /** Of the file. */
  readonly name: string;
  readonly columns: readonly (readonly [name: string, of: (item: T) => CsvValue])[];
  readonly read: (cursor: string | undefined) => Promise<CsvPage<T>>;
}

const pieces = async function* <T>({ columns, read }: CsvList<T>, first: CsvPage<T>): AsyncGenerator<string> {
  yield csvLine(columns.map(([name]) => name));
  let rows = 0;
  for (let page = first; ; ) {
    let text = '';
    for (const item of page.items.slice(0, apiLimits.csvRowsMax - rows)) text += csvLine(columns.map(([, of]) => of(item)));
    if (text !== '') yield text;
    rows += page.items.length;
    if (page.next === null || rows >= apiLimits.csvRowsMax) return;
    await nextTurn();
    page = await read(page.next);
  }
};

/** Answers a list as CSV, page after page as the client takes it, up to `csvRowsMax` rows. What is wrong with the question is told before. */
export const sendCsvList = async <T>(reply: FastifyReply, clock: Clock, list: CsvList<T>): Promise<FastifyReply> => {
  const first = await list.read(undefined);
  cutWhenStalled(reply.raw, clock, httpLimits.exportStallMs);
  return reply.headers(csvFile(list.name)).send(Readable.from(pieces(list, first), { objectMode: false }));
};
