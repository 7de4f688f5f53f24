/**
 * Writes beside each file of the built web app what a browser is sent of it: `.br` and `.gz`. Once at the build and as small as can be, instead
 * of at each request. Usage: node tools/compress-build.ts
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const folder = resolve(import.meta.dirname, '../dist/spa');
const compressible = /\.(js|css|html|svg|json|txt|webmanifest)$/;
/** What fits into one packet gains nothing. */
const bytesMin = 1024;
/** The smallest result takes seconds a megabyte: larger files, which the first page does not wait for, get the next best. */
const thoroughBytesMax = 400_000;

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

const compress = async (file: string): Promise<void> => {
  const bytes = await readFile(file);
  if (bytes.length < bytesMin) return;
  const quality = bytes.length > thoroughBytesMax ? 9 : constants.BROTLI_MAX_QUALITY;
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  await Promise.all([
    brotli(bytes, { params }).then((small) => writeFile(`${file}.br`, small)),
    zip(bytes, { level: 9 }).then((small) => writeFile(`${file}.gz`, small)),
  ]);
};

const files = (await readdir(folder, { recursive: true })).filter((name) => compressible.test(name));
await Promise.all(files.map((name) => compress(join(folder, name))));
