import { openSync, writeSync } from 'node:fs';
import { inspect } from 'node:util';

/** Where the events go, one JSON text a line; written at once, so that they are there when the run is killed. */
const file = openSync(process.env['TEST_EVENTS_FILE'] ?? '/dev/null', 'a');

/** @typedef {{ kind: 'start' | 'pass' | 'fail' | 'output' | 'summary', name: string, nesting: number, file?: string, line?: number, isSuite?: boolean, skip?: string, error?: string, isParentOfFailure?: boolean }} TestEvent */

/** @type {ReadonlyMap<string, TestEvent['kind']>} */
const kinds = new Map([
  ['test:start', 'start'],
  ['test:pass', 'pass'],
  ['test:fail', 'fail'],
  ['test:stderr', 'output'],
  ['test:summary', 'summary'],
]);

/** What is worth reading of an error: the test runner wraps the one that was thrown. */
const textOf = (/** @type {any} */ error) =>
  inspect(error?.code === 'ERR_TEST_FAILURE' && error.cause ? error.cause : error, { depth: 4 });

/** Why a test did not run or does not count; undefined: it did. */
const skipOf = (/** @type {any} */ data) => {
  if (data.skip !== undefined && data.skip !== false) return data.skip === true ? 'no reason given' : String(data.skip);
  if (data.todo !== undefined && data.todo !== false) return `to do: ${data.todo}`;
  return undefined;
};

/**
 * Reporter of node:test that hands its results to tools/test.mjs.
 * @param {AsyncIterable<{ type: string, data: any }>} source
 */
export default async function* reportEvents(source) {
  for await (const { type, data } of source) {
    const kind = kinds.get(type);
    if (kind === undefined) continue;
    /** @type {TestEvent} */
    const event = { kind, name: data.name ?? '', nesting: data.nesting ?? 0, file: data.file, line: data.line };
    if (kind === 'output') event.error = data.message;
    if (kind === 'pass' || kind === 'fail') {
      event.isSuite = data.details?.type === 'suite';
      const skip = skipOf(data);
      if (skip !== undefined) event.skip = skip;
    }
    if (kind === 'fail') {
      event.isParentOfFailure = data.details?.error?.failureType === 'subtestsFailed';
      event.error = textOf(data.details?.error);
    }
    writeSync(file, `${JSON.stringify(event)}\n`);
    yield '';
  }
}
