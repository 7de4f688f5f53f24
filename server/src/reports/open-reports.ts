import type { FleetReport, NewReportSchedule } from '@milepost/contract/api';
import { apiLimits } from '@milepost/contract/api';
import type { ReadStream } from 'node:fs';
import type { ReadScope } from '../events/index.ts';
import { CallerError, type Logger, OperationalError } from '../kernel/index.ts';
import { type Actor, type Storage, systemActor } from '../storage/index.ts';
import { reportLimits } from './limits.ts';
import { makeReport, type MakeOptions } from './make-report.ts';
import { nextRunMs } from './next-run.ts';
import { reportTime } from './periods.ts';
import { findDriverNo, pickVehicles } from './pick-vehicles.ts';
import { ReportFolder } from './report-folder.ts';
import { ReportRunner } from './run-schedules.ts';
import * as store from './store.ts';
import type { ReportQuestion, ReportSources } from './types.ts';

export interface ReportsOptions extends ReportSources {
  readonly storage: Storage;
  /** Where files lie; of several processes the same. */
  readonly folder: string;
  /** What scheduled reports may read. */
  readonly scheduleScope: ReadScope;
  readonly logger: Logger;
}

/** Reports on screen, and by schedule as files. Throws CallerError with closed codes. */
export interface Reports {
  read(scope: ReadScope, question: ReportQuestion, options?: Omit<MakeOptions, 'atMs'>): Promise<FleetReport>;
  schedules(): Promise<readonly store.ScheduleRecord[]>;
  createSchedule(schedule: NewReportSchedule): Promise<store.ScheduleRecord>;
  replaceSchedule(id: string, schedule: NewReportSchedule): Promise<store.ScheduleRecord>;
  /** Out of turn, soon. */
  runSchedule(id: string): Promise<void>;
  deleteSchedule(id: string): Promise<void>;
  files(): Promise<readonly store.FileRecord[]>;
  openFile(id: string): Promise<{ readonly file: store.FileRecord; readonly stream: ReadStream; readonly bytes: number }>;
  deleteFile(id: string): Promise<void>;
  /** Begins to make what is due. */
  start(): void;
  /** Makes what is due now; answers how many. */
  runDue(): Promise<number>;
  close(): Promise<void>;
}

const actor: Actor = systemActor('reports');
const missing = (what: string, id: string): CallerError =>
  new CallerError('not_found', `there is no ${what} ${JSON.stringify(id)}`);

class StoredReports implements Reports {
  readonly #options: ReportsOptions;
  readonly #folder: ReportFolder;
  readonly #runner: ReportRunner;
  #underWay = 0;

  constructor(options: ReportsOptions) {
    this.#options = options;
    this.#folder = new ReportFolder(options.folder);
    this.#runner = new ReportRunner({ ...options, sources: options, scope: options.scheduleScope, files: this.#folder, actor });
  }

  async read(scope: ReadScope, question: ReportQuestion, options: Omit<MakeOptions, 'atMs'> = {}): Promise<FleetReport> {
    if (this.#underWay >= reportLimits.readsAtOnceMax)
      throw new OperationalError('overloaded', 'other reports are under way', { retryAfterSeconds: 3 });
    this.#underWay++;
    try {
      return await makeReport(this.#options, scope, question, { ...options, atMs: this.#options.clock.now() });
    } finally {
      this.#underWay--;
    }
  }

  schedules(): Promise<readonly store.ScheduleRecord[]> {
    return this.#options.storage.withActor(actor, store.readSchedules);
  }

  async createSchedule(schedule: NewReportSchedule): Promise<store.ScheduleRecord> {
    const { storage, clock } = this.#options;
    const checked = this.#check(schedule);
    const { reportSchedulesMax } = apiLimits;
    const made = await storage.withActor(actor, (tx) => store.insertSchedule(tx, checked, clock.now(), reportSchedulesMax));
    if (!made) throw new CallerError('in_use', `there are ${reportSchedulesMax} schedules already: remove one`);
    return made;
  }

  async replaceSchedule(id: string, schedule: NewReportSchedule): Promise<store.ScheduleRecord> {
    const checked = this.#check(schedule);
    const changed = await this.#options.storage.withActor(actor, (tx) => store.updateSchedule(tx, id, checked));
    if (!changed) throw missing('schedule', id);
    return changed;
  }

  async runSchedule(id: string): Promise<void> {
    if (!(await this.#options.storage.withActor(actor, (tx) => store.wantSchedule(tx, id)))) throw missing('schedule', id);
    this.#runner.wake();
  }

  async deleteSchedule(id: string): Promise<void> {
    if (!(await this.#options.storage.withActor(actor, (tx) => store.deleteSchedule(tx, id)))) throw missing('schedule', id);
  }

  files(): Promise<readonly store.FileRecord[]> {
    return this.#options.storage.withActor(actor, store.readFiles);
  }

  async openFile(id: string) {
    const file = await this.#options.storage.withActor(actor, (tx) => store.readFile(tx, id));
    const found = file && (await this.#folder.read(file.fileName));
    if (!file || !found) throw missing('file', id);
    return { file, ...found };
  }

  async deleteFile(id: string): Promise<void> {
    const name = await this.#options.storage.withActor(actor, (tx) => store.deleteFile(tx, id));
    if (name === undefined) throw missing('file', id);
    await this.#folder.remove(name);
  }

  start(): void {
    this.#runner.start();
  }

  runDue(): Promise<number> {
    return this.#runner.runDue();
  }

  close(): Promise<void> {
    return this.#runner.close();
  }

  /** What is asked of can be asked now; what was removed when it is time makes the run fail, and says so. */
  #check(schedule: NewReportSchedule): store.NewSchedule {
    const { directory, drivers, clock, scheduleScope } = this.#options;
    const { name, every, hour, weekday = 1, monthDay = 1, period, by, timeZone, ...filters } = schedule;
    const question: ReportQuestion = { by, period, timeZone, filters };
    const time = reportTime(question, clock.now());
    pickVehicles(directory, scheduleScope, filters, time);
    findDriverNo(drivers, scheduleScope, filters);
    const times = { every, weekday, monthDay, hour };
    return { name: name.trim(), question, ...times, nextRunMs: nextRunMs(times, time.zone, clock.now()) };
  }
}

export const openReports = (options: ReportsOptions): Reports => new StoredReports(options);
