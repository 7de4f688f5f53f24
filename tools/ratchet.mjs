// Keeps functions and files short: node tools/ratchet.mjs [--write]
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { measureSource } from './lib/measure-source.mjs';
import { compareWithRecord } from './lib/ratchet-rules.mjs';
import { sourceFiles } from './lib/source-files.mjs';
import { runMain } from './ensure.mjs';
import { root } from './lib/root.mjs';

const recordPath = join(root, 'tools', 'ratchet.json');

/** @returns {import('./lib/ratchet-rules.mjs').Lengths} */
const measureAll = () => {
  const lengths = { files: /** @type {Record<string, number>} */ ({}), functions: /** @type {Record<string, number>} */ ({}) };
  for (const path of sourceFiles()) {
    const name = relative(root, path);
    const measured = measureSource(name, readFileSync(path, 'utf8'));
    lengths.files[name] = measured.lines;
    for (const [functionName, lines] of measured.functions) lengths.functions[`${name}#${functionName}`] = lines;
  }
  return lengths;
};

/** Compares all sources with the record; `--write` tightens the record and never loosens it. */
const main = () => {
  const recorded = JSON.parse(readFileSync(recordPath, 'utf8'));
  const { tooLong, tightened, isTight } = compareWithRecord(measureAll(), recorded);
  for (const line of tooLong) process.stdout.write(`${line}\n`);
  if (!isTight && process.argv.includes('--write')) writeFileSync(recordPath, `${JSON.stringify(tightened, null, 2)}\n`);
  else if (!isTight) process.stdout.write('tools/ratchet.json allows more than is needed now: node tools/ratchet.mjs --write\n');
  return tooLong.length > 0 || (!isTight && !process.argv.includes('--write')) ? 1 : 0;
};

await runMain(main);
