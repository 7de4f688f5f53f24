import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { coreVocabulary } from '@milepost/contract';
import { openJournal } from '../../eventlog/adapters/journal/index.ts';
import type { EventLog } from '../../eventlog/index.ts';
import { type RecordHeader, readRecordHeader, recordHeaderBytes } from '../../events/index.ts';
import { decodePlain, type PlainSample } from '@milepost/contract/report';
import { makeManualClock, silentLogger } from '../../kernel/index.ts';
import { makeMemoryDirectory } from '../../live/memory-directory.ts';
import { type Device, sameForAll } from '../../registry/index.ts';
import { type IngestOptions, openIngest } from '../open-ingest.ts';
import type { Ingest, PriorValues, Report, Verdict } from '../types.ts';

export const testNowMs = Date.UTC(2026, 10, 20, 12);
export const dayMs = 86_400_000;

export interface StoredRecord {
  readonly header: RecordHeader;
  readonly samples: readonly PlainSample[];
  readonly body: Uint8Array;
}

export interface TestIngest {
  readonly ingest: Ingest;
  readonly log: EventLog;
  readonly clock: ReturnType<typeof makeManualClock>;
  /** Resolves when the report is durable. */
  submit(device: Device, report: Report): Promise<Verdict>;
  /** The newest telemetry records of a vehicle, newest first. */
  records(vehicleNo: number, limit?: number): Promise<StoredRecord[]>;
  close(): Promise<void>;
}

export interface TestIngestSettings {
  readonly prior?: PriorValues;
  readonly retention?: IngestOptions['retention'];
}

/** Ingest over a real journal, with a clock that stands still. */
export const openTestIngest = async (
  devices: readonly Device[],
  { prior = { find: () => undefined }, retention = sameForAll(30 * dayMs) }: TestIngestSettings = {},
): Promise<TestIngest> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'milepost-ingest-'));
  const clock = makeManualClock(testNowMs);
  const log = await openJournal({ folder, clock, logger: silentLogger, limits: { diskReserveBytes: 0, commitSpacingMs: 0 } });
  const directory = makeMemoryDirectory();
  for (const device of devices) directory.put({ kind: 'device', device });
  const ingest = openIngest({ log, directory, vocabulary: coreVocabulary, prior, clock, retention });
  return {
    ingest,
    log,
    clock,
    submit: (device, report) =>
      new Promise((resolve, reject) => {
        let verdict: Verdict | undefined;
        const listener = {
          appended: () => verdict && resolve(verdict),
          appendFailed: (_token: number, error: Error) => reject(error),
        };
        const submission = ingest.submit(device, report, listener, 0);
        if (submission.refused) {
          reject(new Error(submission.refused));
          return;
        }
        verdict = submission.verdict;
        if (!verdict.isPending) resolve(verdict);
      }),
    records: async (vehicleNo, limit = 1) => {
      const found = await log.readVehicle({ vehicleNo, fromMs: 0, toMs: testNowMs * 2, limit });
      return found.map(({ bytes }) => {
        const header = readRecordHeader(new DataView(bytes.buffer, bytes.byteOffset), 0);
        assert.equal(header.kind, 1);
        return { header, samples: decodePlain(bytes, recordHeaderBytes), body: bytes.subarray(recordHeaderBytes) };
      });
    },
    close: async () => {
      await log.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
