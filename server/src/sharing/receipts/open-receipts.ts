import { randomUUID } from 'node:crypto';
import { writeAudit } from '../../audit/index.ts';
import type { Clock, Logger } from '../../kernel/index.ts';
import { type Actor, type Storage, systemActor } from '../../storage/index.ts';
import type { GrantReader, Holder } from '../grants/types.ts';
import { ReadCounts } from './count-reads.ts';
import { receiptLimits } from './limits.ts';
import * as store from './store.ts';
import type { ReadReceipts, Receipt, ReceiptCount } from './types.ts';

export interface ReceiptsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly possession: { holderNow(vehicleNo: number): Holder | undefined };
  /** How long receipts are kept; whole months go. */
  readonly days?: number;
}

const system = systemActor('receipts');

/** What somebody of the platform's staff is about to read of a private owner's vehicle. */
export interface StaffLook {
  readonly personNo: number | null;
  readonly ownerNo: number;
  readonly vehicleId: string;
  readonly items: readonly string[];
  readonly address: string;
}

/** ms; undefined: never, as far as it was looked. */
export type LastReads = (vehicleNo: number, reader: GrantReader) => number | undefined;

/** Who read what, counted in memory and added up in PostgreSQL by every process. docs/consent.md */
export class Receipts implements ReadReceipts {
  readonly #options: ReceiptsOptions;
  readonly #counts = new ReadCounts();
  readonly #writer = randomUUID();
  #batch = 1;
  /** Tried once: it keeps its number until it is known to be written. */
  #sending: readonly ReceiptCount[] = [];
  #flushing: Promise<void> | undefined;
  #isTimed = false;
  #cancelFlush: () => void = () => {};
  #cancelTend: () => void = () => {};
  #isClosed = false;
  /** When what staff read was noted last, by who, what and of which vehicle; the oldest first. */
  readonly #staffReads = new Map<string, number>();

  constructor(options: ReceiptsOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.#tend();
    this.#scheduleTend();
  }

  note(receipt: Receipt): void {
    const holder = this.#options.possession.holderNow(receipt.vehicleNo);
    if (!holder || receipt.items.length === 0) return;
    this.#counts.add(receipt, holder);
    if (!this.#isTimed) this.#scheduleFlush();
  }

  /** Writes what was counted until now. Throws `unavailable`. */
  flush(): Promise<void> {
    // Who comes while a write is under way waits for one that has what they counted.
    const before = this.#flushing?.catch(() => {});
    const flushing: Promise<void> = (before ?? Promise.resolve()).then(() => this.#writeAll());
    this.#flushing = flushing;
    return flushing.finally(() => {
      if (this.#flushing === flushing) this.#flushing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    const { storage, clock } = this.#options;
    while (this.#sending.length > 0 || this.#counts.size > 0) {
      if (this.#sending.length === 0) this.#sending = this.#counts.take(receiptLimits.countsPerWriteMax);
      const batch = { writer: this.#writer, batch: this.#batch, counts: this.#sending };
      await storage.withActor(system, (tx) => store.addReceipts(tx, batch, clock.now()));
      this.#batch++;
      this.#sending = [];
    }
  }

  #scheduleFlush(): void {
    if (this.#isClosed) return;
    this.#isTimed = true;
    this.#cancelFlush = this.#options.clock.after(receiptLimits.flushEveryMs, () => {
      this.flush()
        .catch((error: unknown) => this.#options.logger.warn('receipts could not be written', { error }))
        .finally(() => {
          this.#isTimed = false;
          if (this.#sending.length > 0 || this.#counts.size > 0) this.#scheduleFlush();
        });
    });
  }

  /** What a holder is told; what this process counted is in it. */
  async list(actor: Actor, holders: store.ReceiptHolders, query: store.ReceiptQuery): Promise<store.ReceiptSum[]> {
    await this.flush();
    return this.#options.storage.withActor(actor, (tx) => store.listReceipts(tx, holders, query));
  }

  /** When who reads by grants last did, by vehicle and reader; not there: not since `fromMs`. */
  async lastReads(actor: Actor, holders: store.ReceiptHolders, fromMs: number): Promise<LastReads> {
    await this.flush();
    const rows = await this.#options.storage.withActor(actor, (tx) => store.listLastReads(tx, holders, fromMs));
    const byReader = new Map(rows.map((row) => [`${row.vehicleNo} ${row.readerKind} ${row.readerNo}`, row.lastMs]));
    return (vehicleNo, reader) =>
      byReader.get(`${vehicleNo} ${reader.kind === 'app' ? `app ${reader.appNo}` : `driver ${reader.personNo}`}`);
  }

  /** What an app used, for the members of its partner. */
  async usage(actor: Actor, appNo: number, query: store.UsageQuery): Promise<store.UsageSum[]> {
    await this.flush();
    return this.#options.storage.withActor(actor, (tx) => store.listUsage(tx, appNo, query));
  }

  /** What every app was told, for who runs the platform. */
  async useOfApps(fromMs: number, toMs: number): Promise<store.AppUse[]> {
    await this.flush();
    return this.#options.storage.withActor(system, (tx) => store.listUse(tx, { fromMs, toMs }));
  }

  /** Into the audit log, once within `staffReadMs`, before anything is told. Throws `unavailable`: then nothing is. */
  async noteStaffLook({ personNo, ownerNo, vehicleId, items: groups, address }: StaffLook): Promise<void> {
    const { storage, clock } = this.#options;
    const nowMs = clock.now();
    const items = [...groups].sort().join(',');
    const key = `${personNo ?? 0}:${ownerNo}:${vehicleId}:${items}`;
    if (nowMs - (this.#staffReads.get(key) ?? Number.NEGATIVE_INFINITY) < receiptLimits.staffReadMs) return;
    await storage.withActor(system, async (tx) => {
      const read = { personNo, ownerNo, vehicleId, items, sinceMs: nowMs - receiptLimits.staffReadMs };
      if (await store.isStaffReadNoted(tx, read)) return;
      const event = { act: 'vehicle_read', personNo, subject: vehicleId, subjectPersonNo: ownerNo, address } as const;
      await writeAudit(tx, { ...event, detail: { items } }, nowMs);
    });
    this.#staffReads.delete(key);
    this.#staffReads.set(key, nowMs);
    const [oldest] = this.#staffReads.keys();
    if (this.#staffReads.size > receiptLimits.staffReadsRememberedMax && oldest !== undefined) this.#staffReads.delete(oldest);
  }

  async #tend(): Promise<void> {
    const { storage, clock, logger, days = receiptLimits.daysDefault } = this.#options;
    const dropped = await storage.withActor(system, (tx) => store.tendReceipts(tx, clock.now(), days));
    if (dropped > 0) logger.info('old months of receipts were dropped', { months: dropped });
  }

  #scheduleTend(): void {
    this.#cancelTend = this.#options.clock.after(receiptLimits.tendEveryMs, () => {
      this.#tend()
        .catch((error: unknown) => this.#options.logger.warn('months of receipts could not be tended', { error }))
        .finally(() => {
          if (!this.#isClosed) this.#scheduleTend();
        });
    });
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelFlush();
    this.#cancelTend();
    await this.flush().catch((error: unknown) =>
      this.#options.logger.error('receipts were lost', { counts: this.#counts.size + this.#sending.length, error }),
    );
  }
}

export const openReceipts = async (options: ReceiptsOptions): Promise<Receipts> => {
  const receipts = new Receipts(options);
  await receipts.open();
  return receipts;
};
