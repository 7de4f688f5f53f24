import { writeAudit } from '../audit/index.ts';
import { CallerError, type Clock, type Logger, OperationalError } from '../kernel/index.ts';
import { makeId, type Random, systemRandom } from '../registry/index.ts';
import { type Actor, type Storage, systemActor } from '../storage/index.ts';
import { personalDataLimits } from './limits.ts';
import * as store from './store.ts';
import { writeZip, type ZipEntry } from './write-zip.ts';

export interface PersonalExportsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: Random;
}

/** The files, one after the other; each tells how far it is before it is read. `signal`: nobody wants them any more. */
export type Collect = (tellPercent: (percent: number) => void, signal: AbortSignal) => AsyncIterable<ZipEntry>;

const system = systemActor('personal data');
const dayMs = 86_400_000;
const self = (personNo: number): Actor => ({ kind: 'person', id: String(personNo) });

/** Files of everything of one person: made in the background, given to that person alone, gone after a while. docs/people.md */
export class PersonalExports {
  readonly #options: PersonalExportsOptions;
  readonly #underWay = new Map<string, { readonly aborter: AbortController; readonly done: Promise<void> }>();
  #cancelTend: () => void = () => {};
  #isClosed = false;

  constructor(options: PersonalExportsOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.tend();
    this.#scheduleTend();
  }

  /** Throws `in_use` while one is made, or when there are too many, `overloaded`. */
  async start(personNo: number, address: string, collect: Collect): Promise<store.PersonalExport> {
    const { storage, clock, random = systemRandom } = this.#options;
    const { exportDays, exportsPerPersonMax, exportsAtOnceMax } = personalDataLimits;
    if (this.#isClosed || this.#underWay.size >= exportsAtOnceMax)
      throw new OperationalError('overloaded', 'other exports are being made', { retryAfterSeconds: 60 });
    const nowMs = clock.now();
    const id = makeId('pex_', random);
    const made = await storage.withActor(system, async (tx) => {
      await store.tendExports(tx, nowMs, nowMs - personalDataLimits.silentMs);
      if ((await store.listExports(tx, personNo)).length >= exportsPerPersonMax)
        throw new CallerError('in_use', `there are ${exportsPerPersonMax} exports: remove one that is not needed`);
      const inserted = await store.insertExport(tx, { id, personNo, nowMs, expiresMs: nowMs + exportDays * dayMs });
      if (!inserted) throw new CallerError('in_use', 'an export is being made already');
      const event = { act: 'data_exported', personNo, subject: id, subjectPersonNo: personNo, address } as const;
      await writeAudit(tx, event, nowMs);
      return inserted;
    });
    const aborter = new AbortController();
    const done = this.#make(id, collect, aborter.signal).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, { aborter, done });
    return made;
  }

  async #make(id: string, collect: Collect, signal: AbortSignal): Promise<void> {
    const { storage, clock, logger } = this.#options;
    const note = async (state: store.ExportState, percent: number, bytes: number): Promise<void> => {
      const isThere = await storage.withActor(system, (tx) => store.noteProgress(tx, id, { state, percent, bytes }, clock.now()));
      if (!isThere) throw new CallerError('not_found', 'the export was removed');
    };
    let percent = 0;
    try {
      const bytes = await this.#writeParts(
        id,
        collect((now) => (percent = Math.min(99, Math.floor(now))), signal),
        signal,
        (sum) => note('running', percent, sum),
      );
      await note('done', 100, bytes);
    } catch (error) {
      if (error instanceof CallerError && error.code === 'not_found') return;
      logger.warn('an export of a person could not be made', { id, error });
      await storage
        .withActor(system, async (tx) => {
          await store.noteProgress(tx, id, { state: 'failed', percent, bytes: 0 }, clock.now());
          await store.removeParts(tx, id);
        })
        .catch((cause: unknown) => logger.warn('that an export failed could not be written', { id, error: cause }));
    }
  }

  /** Answers how large it is. */
  async #writeParts(
    id: string,
    entries: AsyncIterable<ZipEntry>,
    signal: AbortSignal,
    told: (bytes: number) => Promise<void>,
  ): Promise<number> {
    const { storage } = this.#options;
    const { partBytes, exportBytesMax } = personalDataLimits;
    let pieces: Buffer[] = [];
    let [waiting, bytes, part] = [0, 0, 0];
    const flush = async (): Promise<void> => {
      const whole = Buffer.concat(pieces);
      [pieces, waiting] = [[], 0];
      bytes += whole.length;
      if (bytes > exportBytesMax) throw new OperationalError('unavailable', 'the export is too large');
      await told(bytes);
      await storage.withActor(system, (tx) => store.insertPart(tx, id, part++, whole));
    };
    for await (const piece of writeZip(entries)) {
      signal.throwIfAborted();
      pieces.push(piece);
      waiting += piece.length;
      if (waiting >= partBytes) await flush();
    }
    await flush();
    return bytes;
  }

  /** Newest first; what is over is not there. */
  async list(personNo: number): Promise<readonly store.PersonalExport[]> {
    const { storage, clock } = this.#options;
    const found = await storage.withActor(self(personNo), (tx) => store.listExports(tx, personNo));
    return found.filter(({ expiresMs }) => expiresMs > clock.now());
  }

  /** The file of a person's own export, part by part. Throws `not_found`, also while it is being made. */
  async read(personNo: number, id: string): Promise<{ readonly bytes: number; readonly parts: AsyncGenerator<Buffer> }> {
    const { storage, clock } = this.#options;
    const found = await storage.withActor(self(personNo), (tx) => store.readExport(tx, personNo, id));
    if (found?.state !== 'done' || found.expiresMs <= clock.now()) throw new CallerError('not_found', 'there is no such file');
    const partsOf = async function* () {
      for (let part = 0; ; part++) {
        const bytes = await storage.withActor(self(personNo), (tx) => store.readPart(tx, id, part));
        if (!bytes) return;
        yield bytes;
      }
    };
    return { bytes: found.bytes, parts: partsOf() };
  }

  /** One that is being made ends. Throws `not_found`. */
  async remove(personNo: number, id: string): Promise<void> {
    const isGone = await this.#options.storage.withActor(system, (tx) => store.removeExport(tx, personNo, id));
    if (!isGone) throw new CallerError('not_found', 'there is no such export');
    this.#underWay.get(id)?.aborter.abort();
  }

  /** Removes what is over. */
  async tend(): Promise<void> {
    const { storage, clock } = this.#options;
    const nowMs = clock.now();
    await storage.withActor(system, (tx) => store.tendExports(tx, nowMs, nowMs - personalDataLimits.silentMs));
  }

  #scheduleTend(): void {
    this.#cancelTend = this.#options.clock.after(personalDataLimits.tendEveryMs, () => {
      this.tend()
        .catch((error: unknown) => this.#options.logger.warn('exports of people could not be tended', { error }))
        .finally(() => {
          if (!this.#isClosed) this.#scheduleTend();
        });
    });
  }

  /** Those under way fail: who asked asks again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTend();
    const underWay = [...this.#underWay.values()];
    for (const { aborter } of underWay) aborter.abort();
    await Promise.all(underWay.map(({ done }) => done));
  }
}

export const openPersonalExports = async (options: PersonalExportsOptions): Promise<PersonalExports> => {
  const exports = new PersonalExports(options);
  await exports.open();
  return exports;
};
