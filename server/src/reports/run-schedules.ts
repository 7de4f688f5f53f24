import { apiLimits, type FleetReport } from '@milepost/contract/api';
import type { ReadScope } from '../events/index.ts';
import { CallerError, type Clock, type Logger } from '../kernel/index.ts';
import type { Actor, Storage } from '../storage/index.ts';
import { reportLimits } from './limits.ts';
import { makeReport } from './make-report.ts';
import { latestDueMs, nextRunMs } from './next-run.ts';
import { dayText, reportTime, type ReportTime } from './periods.ts';
import { reportCsv, reportFileName } from './report-csv.ts';
import type { ReportFolder } from './report-folder.ts';
import { claimDue, deleteOldFiles, finishRun, holdsClaim, insertFile, putOff, type ScheduleRecord } from './store.ts';
import type { ReportSources } from './types.ts';

export interface RunnerOptions {
  readonly storage: Storage;
  readonly sources: ReportSources;
  readonly scope: ReadScope;
  readonly files: ReportFolder;
  readonly actor: Actor;
  readonly clock: Clock;
  readonly logger: Logger;
}

const problemLengthMax = 500;

/**
 * Makes scheduled reports. Every process may run one: a report that is due is claimed in the database, so one of them makes it; a claim
 * that was not kept runs out. What was missed while nothing ran is made once, for the last time it was due.
 */
export class ReportRunner {
  readonly #options: RunnerOptions;
  readonly #stop = new AbortController();
  #cancel = (): void => {};
  #running: Promise<number> | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule();
  }

  /** Looks at once. */
  wake(): void {
    this.runDue().catch((error: unknown) => this.#failed(error));
  }

  #schedule(): void {
    if (this.#stop.signal.aborted) return;
    this.#cancel = this.#options.clock.after(reportLimits.lookEveryMs, () => {
      this.runDue()
        .catch((error: unknown) => this.#failed(error))
        .finally(() => this.#schedule());
    });
  }

  /** One report after the other, until none is due. */
  runDue(): Promise<number> {
    const before = this.#running ?? Promise.resolve(0);
    const mine = before.then(
      () => this.#runAll(),
      () => this.#runAll(),
    );
    this.#running = mine;
    return mine;
  }

  async #runAll(): Promise<number> {
    const { storage, actor, clock } = this.#options;
    for (let made = 0; ; made++) {
      if (this.#stop.signal.aborted) return made;
      const schedule = await storage.withActor(actor, (tx) => claimDue(tx, clock.now(), reportLimits.claimMs));
      if (!schedule) return made;
      await this.#run(schedule);
    }
  }

  async #run(schedule: ScheduleRecord): Promise<void> {
    const { storage, actor, clock } = this.#options;
    try {
      await this.#make(schedule);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#failed(error, schedule.name);
      // What the caller can mend says what it is; the rest is in the server's log.
      const told = error instanceof CallerError ? error.message : 'The report could not be made; it is tried again.';
      const again = clock.now() + (this.#stop.signal.aborted ? 0 : reportLimits.failedAgainMs);
      await storage.withActor(actor, (tx) => putOff(tx, schedule, again, told.slice(0, problemLengthMax)));
    }
  }

  async #make(schedule: ScheduleRecord): Promise<void> {
    const { sources, scope, files, storage, actor, clock } = this.#options;
    const nowMs = clock.now();
    const isDue = schedule.nextRunMs <= nowMs;
    const { zone } = reportTime(schedule.question, nowMs);
    const atMs = isDue ? latestDueMs(schedule, zone, schedule.nextRunMs, nowMs) : nowMs;
    const time = reportTime(schedule.question, atMs);
    const report = await makeReport(sources, scope, schedule.question, { atMs, signal: this.#stop.signal });
    const fileName = this.#nameOf(schedule, time);
    const bytes = await files.write(fileName, String(schedule.claim), reportCsv(report));
    const run = { ranMs: nowMs, nextRunMs: isDue ? nextRunMs(schedule, zone, nowMs) : schedule.nextRunMs, problem: null };
    const old = await storage.withActor(actor, async (tx) => {
      // Somebody else has made it, or it was changed or removed: then the file is of no schedule.
      if (!(await holdsClaim(tx, schedule))) return [];
      await insertFile(tx, fileRecord(schedule, report, { fileName, bytes }));
      await finishRun(tx, schedule, run);
      return deleteOldFiles(tx, apiLimits.reportFilesMax);
    });
    for (const name of old) await files.remove(name);
  }

  /** The same run has the same name, whoever makes it. */
  #nameOf({ name, scheduleNo }: ScheduleRecord, { fromDay, toDay }: ReportTime): string {
    return reportFileName(`${name}-${scheduleNo}`, dayText(fromDay), dayText(toDay - 1));
  }

  #failed(error: unknown, name?: string): void {
    this.#options.logger.warn('a scheduled report could not be made; it is tried again', { name, error });
  }

  async close(): Promise<void> {
    this.#cancel();
    this.#stop.abort();
    await this.#running?.catch(() => {});
  }
}

const fileRecord = (
  { scheduleNo, name }: ScheduleRecord,
  report: FleetReport,
  { fileName, bytes }: { readonly fileName: string; readonly bytes: number },
) => ({
  scheduleNo,
  scheduleName: name,
  fileName,
  fromMs: Date.parse(report.from),
  toMs: Date.parse(report.to),
  madeAtMs: Date.parse(report.madeAt),
  rows: report.rows.length,
  bytes,
});
