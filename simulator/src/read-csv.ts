import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Rows of a gzipped CSV without quotes; calls back with the cells of each, the head left out. */
export const readCsv = (file: URL, row: (cells: readonly string[]) => void): void => {
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  let start = text.indexOf('\n') + 1;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end);
    if (line !== '') row(line.split(','));
    if (end < 0) return;
    start = end + 1;
  }
};
