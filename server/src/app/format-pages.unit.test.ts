import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.resolve(import.meta.dirname, '../../..');

interface Golden {
  readonly version: number;
  /** Folder or file with bytes of this version. */
  readonly golden: string;
  /** The test that reads them. */
  readonly test: string;
}

/** Every page of docs/formats. A new format, or a new version of one, is entered here with its golden files. */
const formats: Readonly<Record<string, Golden>> = {
  'backup.md': { version: 1, golden: 'server/src/backup/golden/backup-v1', test: 'server/src/backup/manifest.int.test.ts' },
  'cassandra.md': {
    version: 1,
    golden: 'server/src/history/adapters/cassandra/golden/rows-v1.json',
    test: 'server/src/history/adapters/cassandra/golden.engines.test.ts',
  },
  'chunk.md': {
    version: 3,
    golden: 'server/src/history/golden/chunk-v3-driving-1hz.bin',
    test: 'server/src/history/chunk.unit.test.ts',
  },
  'device-frame.md': {
    version: 1,
    golden: 'server/src/protocols/binary/golden/device-frame-v1-sequenced.bin',
    test: 'server/src/protocols/binary/read-device-frame.unit.test.ts',
  },
  'export-topic.md': {
    version: 1,
    golden: 'server/src/export-topic/golden',
    test: 'server/src/export-topic/export-records.unit.test.ts',
  },
  'journal.md': {
    version: 1,
    golden: 'server/src/eventlog/adapters/journal/golden',
    test: 'server/src/eventlog/adapters/journal/golden.int.test.ts',
  },
  'kafka-log.md': {
    version: 1,
    golden: 'server/src/eventlog/adapters/kafka/golden/messages-v1.json',
    test: 'server/src/eventlog/adapters/kafka/message.unit.test.ts',
  },
  'keyframe.md': {
    version: 1,
    golden: 'server/src/history/fleet/golden/keyframe-page-v1.bin',
    test: 'server/src/history/fleet/keyframe-page.unit.test.ts',
  },
  'live-snapshot.md': {
    version: 2,
    golden: 'server/src/live/golden-v2',
    test: 'server/src/live/partitions.int.test.ts',
  },
  'log-record.md': {
    version: 1,
    golden: 'server/src/events/golden/record-v1-telemetry.bin',
    test: 'server/src/events/record.unit.test.ts',
  },
  'map-frame.md': {
    version: 1,
    golden: 'contract/src/stream/golden/map-frame-v1-delta.bin',
    test: 'contract/src/stream/map-frame.unit.test.ts',
  },
  'report.md': {
    version: 1,
    golden: 'contract/src/report/golden/report-v1-all-widths.bin',
    test: 'contract/src/report/report.unit.test.ts',
  },
};

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

test('every format has a golden file of the version that its page describes, and a test that reads it', () => {
  const pages = readdirSync(path.join(root, 'docs/formats')).filter((name) => name.endsWith('.md'));
  assert.deepEqual(pages.sort(), Object.keys(formats).sort());
  for (const [page, { version, golden, test: reader }] of Object.entries(formats)) {
    assert.match(read(`docs/formats/${page}`).split('\n', 1)[0] ?? '', new RegExp(`, version ${version}$`), page);
    const place = path.join(root, golden);
    const files = statSync(place).isDirectory() ? readdirSync(place, { recursive: true }) : [golden];
    assert.ok(files.length > 0, golden);
    assert.match(read(reader), /golden/, reader);
  }
});
