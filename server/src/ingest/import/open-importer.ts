import { setImmediate } from 'node:timers/promises';
import { type RejectionReason, type StoredValue, type Vocabulary, wellKnown } from '@milepost/contract';
import type { Erasures } from '../../erasure/index.ts';
import type { EventLog } from '../../eventlog/index.ts';
import {
  ByteWriter,
  encodeRecord,
  type ReadScope,
  recordFlags,
  recordKinds,
  ReportBuilder,
  setRecordFlag,
} from '../../events/index.ts';
import type { History } from '../../history/index.ts';
import { type Clock, OperationalError } from '../../kernel/index.ts';
import { UnreadableFileError } from '../../protocols/index.ts';
import type { Retention } from '../../registry/index.ts';
import { checkSample, SignalFinder } from '../check-sample.ts';
import { importLimits, ingestLimits } from '../limits.ts';
import { refusalError } from '../refusal-error.ts';
import { importDeviceNo, type KnownValues, readKnown } from './known-values.ts';
import { ImportTally } from './tally.ts';
import type { ImportedSample, ImportItem, ImportOutcome } from './types.ts';

export interface ImporterOptions {
  readonly log: EventLog;
  readonly vocabulary: () => Vocabulary;
  readonly retention: Pick<Retention, 'ruleOf' | 'keptFromMs'>;
  readonly erasures: Pick<Erasures, 'isErased'>;
  readonly history: Pick<History, 'query'>;
  readonly clock: Clock;
}

export interface ImportTarget {
  readonly scope: ReadScope;
  readonly vehicleNo: number;
  /** Decides everything, stores nothing. */
  readonly isDryRun: boolean;
}

const expectations: Readonly<Record<Exclude<RejectionReason, 'out_of_bounds'>, string>> = {
  unknown_signal: 'a known signal',
  wrong_type: 'a value of the kind that the signal has',
  not_finite: 'a finite number',
  bad_time: 'a time that is not in the future',
  too_old: 'a time within the period for which data are kept',
  not_assigned: 'a time at which the vehicle was known',
  conflict: 'the value that was imported before for this time',
};

/** Bounds of a signal in words. */
const boundsOf = (vocabulary: Vocabulary, path: string): string => {
  const signal = vocabulary.byPath(path);
  if (signal?.kind === 'enum') return `one of ${signal.values?.join(', ')}`;
  if (signal?.kind !== 'number') return 'a text that is not too long';
  const isPlace = signal.number === wellKnown.latitude || signal.number === wellKnown.longitude;
  return `${signal.min} to ${signal.max} ${signal.unit}${isPlace ? ', and not the place at latitude 0, longitude 0' : ''}`;
};

const charactersOf = ({ cells }: ImportedSample): number => {
  let characters = 0;
  for (const path in cells) characters += cells[path]?.text.length ?? 0;
  return characters;
};

/** Values of one sample that are not stored yet. */
class NewValues {
  readonly values: { readonly signalNumber: number; readonly stored: StoredValue }[] = [];
  readonly #known: ReadonlyMap<number, StoredValue> | undefined;

  constructor(known: ReadonlyMap<number, StoredValue> | undefined) {
    this.#known = known;
  }

  addSample(): void {}

  addValue(signalNumber: number, stored: StoredValue): void {
    if (this.#known?.get(signalNumber) !== stored) this.values.push({ signalNumber, stored });
  }
}

/** One file on its way into the log, a record for each batch of samples. */
class ImportRun {
  readonly #options: ImporterOptions;
  readonly #target: ImportTarget;
  readonly #tally = new ImportTally();
  readonly #builder = new ReportBuilder();
  readonly #writer = new ByteWriter(4096);
  readonly #finder: SignalFinder;
  #waiting: ImportedSample[] = [];
  #characters = 0;

  constructor(options: ImporterOptions, target: ImportTarget) {
    this.#options = options;
    this.#target = target;
    this.#finder = new SignalFinder(options.vocabulary());
  }

  async run(items: AsyncIterable<readonly ImportItem[]>): Promise<ImportOutcome> {
    try {
      for await (const some of items) for (const item of some) await this.#take(item);
    } catch (error) {
      // Nothing of it could be read: the request is wrong, not a line.
      if (!(error instanceof UnreadableFileError) || this.#tally.isEmpty) throw error;
      this.#tally.isWhole = false;
      this.#tally.problem({ line: error.line, reason: 'unreadable', expected: error.details.expected ?? error.message });
    }
    await this.#store();
    if (this.#tally.isEmpty)
      this.#tally.problem({ line: 1, reason: 'nothing_to_import', expected: 'points or lines with a time and a value' });
    return this.#tally.outcome();
  }

  async #take({ sample, problems = [] }: ImportItem): Promise<void> {
    this.#tally.samples++;
    for (const problem of problems) this.#tally.problem(problem);
    if (!sample) return;
    this.#waiting.push(sample);
    this.#characters += charactersOf(sample);
    const isFull = this.#waiting.length >= importLimits.samplesPerLookUpMax;
    if (isFull || this.#characters >= importLimits.charactersPerLookUpMax) await this.#store();
  }

  async #store(): Promise<void> {
    const samples = this.#waiting;
    this.#waiting = [];
    this.#characters = 0;
    const receivedAt = this.#options.clock.now();
    const timely = samples.filter((sample) => this.#isTimely(sample, receivedAt));
    if (timely.length === 0) return;
    const known = await this.#readKnown(timely);
    let characters = 0;
    this.#builder.reset();
    for (const sample of timely) {
      this.#add(sample, receivedAt, known);
      characters += charactersOf(sample);
      const isFull = this.#builder.sampleCount >= importLimits.samplesPerRecordMax;
      if (!isFull && characters < importLimits.charactersPerRecordMax) continue;
      await this.#append(receivedAt);
      characters = 0;
    }
    await this.#append(receivedAt);
  }

  #isTimely({ line, timeMs }: ImportedSample, receivedAt: number): boolean {
    const { retention, erasures } = this.#options;
    const { vehicleNo } = this.#target;
    const value = new Date(timeMs).toISOString();
    // The clock of a file is not ahead: what is in the future was never measured.
    if (timeMs > receivedAt + ingestLimits.clockAheadMaxMs)
      this.#tally.problem({ line, value, reason: 'bad_time', expected: expectations.bad_time });
    else if (timeMs < receivedAt - retention.ruleOf(vehicleNo).longestMs)
      this.#tally.problem({ line, value, reason: 'too_old', expected: expectations.too_old });
    else if (erasures.isErased(vehicleNo, timeMs))
      this.#tally.problem({ line, value, reason: 'erased', expected: 'a time that was not erased' });
    else return true;
    return false;
  }

  #readKnown(samples: readonly ImportedSample[]): Promise<KnownValues> {
    const { history, vocabulary } = this.#options;
    const paths = new Set(samples.flatMap(({ signals }) => Object.keys(signals)));
    const signals = [...paths].map((path) => vocabulary().byPath(path)?.number).filter((number) => number !== undefined);
    const { scope, vehicleNo } = this.#target;
    return readKnown(history, { scope, vehicleNo, signals, times: samples.map(({ timeMs }) => timeMs) });
  }

  #add(sample: ImportedSample, receivedAt: number, known: KnownValues): void {
    const { retention } = this.#options;
    const { vehicleNo } = this.#target;
    const { timeMs, line, cells } = sample;
    const before = known.get(timeMs);
    const found = new NewValues(before);
    const context = {
      finder: this.#finder,
      keptFromMs: (group: Parameters<typeof retention.keptFromMs>[1]) => retention.keptFromMs(vehicleNo, group, receivedAt),
      storedBefore: before ? (signalNumber: number) => before.get(signalNumber) : undefined,
    };
    const verdict = {
      rejectSample: (): void => {},
      rejectValue: (_sample: number, path: string, _value: unknown, reason: RejectionReason): void => {
        const cell = cells[path];
        const expected = reason === 'out_of_bounds' ? boundsOf(this.#finder.vocabulary, path) : expectations[reason];
        this.#tally.problem({ line, column: cell?.column ?? path, value: cell?.text ?? '', reason, expected });
      },
    };
    const good = checkSample(0, sample, timeMs, timeMs, context, found, verdict);
    if (found.values.length === 0) {
      if (good > 0) this.#tally.unchanged++;
      return;
    }
    this.#builder.addSample(timeMs, timeMs);
    const now = before ?? new Map<number, StoredValue>();
    for (const { signalNumber, stored } of found.values) {
      this.#builder.addValue(signalNumber, stored);
      now.set(signalNumber, stored);
    }
    known.set(timeMs, now);
    this.#tally.take(timeMs, found.values.length);
  }

  /** What was gathered becomes a record; resolves when that is durable. */
  async #append(receivedAt: number): Promise<void> {
    if (this.#builder.sampleCount === 0) return;
    this.#writer.at = 0;
    this.#builder.encode(this.#writer);
    this.#builder.reset();
    // Others have their turn all the same.
    if (this.#target.isDryRun) return setImmediate();
    const header = {
      kind: recordKinds.telemetry,
      vehicleNo: this.#target.vehicleNo,
      deviceNo: importDeviceNo,
      boot: 0,
      seq: 0,
      hasSequence: false,
      receivedAt,
      vocabularyVersion: this.#finder.vocabulary.version,
    };
    const record = encodeRecord(header, this.#writer.bytes.subarray(0, this.#writer.at));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const refused = this.#options.log.append(
      setRecordFlag(record, recordFlags.isImported),
      {
        appended: () => resolve(),
        appendFailed: (_token, cause) =>
          reject(new OperationalError('unavailable', 'the file could not be stored', { retryAfterSeconds: 30, cause })),
      },
      0,
    );
    if (refused) reject(refusalError(refused));
    return promise;
  }
}

/** Takes files into the log: checked as what devices report, and durable when it is answered. */
export interface Importer {
  /**
   * Throws CallerError when nothing of the file can be read, OperationalError when the log takes nothing: what was stored by then stays, and the same
   * file again changes nothing of it.
   */
  run(target: ImportTarget, items: AsyncIterable<readonly ImportItem[]>): Promise<ImportOutcome>;
}

export const openImporter = (options: ImporterOptions): Importer => ({
  run: (target, items) => new ImportRun(options, target).run(items),
});
