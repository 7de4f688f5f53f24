import type { LineProblem } from '../line-problem.ts';

export interface Driver {
  readonly driverNo: number;
  readonly id: string;
  readonly name: string;
  /** What the customer calls the driver by besides the name. */
  readonly number: string | null;
  readonly customerNo: number;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** ms, `toMs` exclusive. −Infinity: as far back as anything is known; Infinity: still. */
export interface DriverPeriod {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Who drove a vehicle from when to when. */
export interface DriverAssignment extends DriverPeriod {
  readonly id: string;
  readonly vehicleNo: number;
  readonly driverNo: number;
}

/** In it nobody but its driver sees where the vehicle is. */
export interface PrivatePeriod {
  readonly id: string;
  readonly vehicleNo: number;
  /** Whose it is; null: nobody was assigned. */
  readonly driverNo: number | null;
  readonly fromMs: number;
  /** Exclusive; null: still. */
  readonly toMs: number | null;
}

/** In memory, complete, kept up to date: who drives what, and what is private. */
export interface DriverDirectory {
  driverByNo(driverNo: number): Driver | undefined;
  driverById(id: string): Driver | undefined;
  /** All of them, those that have ended, too. */
  drivers(): Iterable<Driver>;
  /** Who was assigned to a vehicle at a moment. */
  driverAt(vehicleNo: number, ms: number): Driver | undefined;
  /** The vehicle that a driver was assigned to at a moment. */
  vehicleOf(driverNo: number, ms: number): number | undefined;
  /** Ascending. */
  assignmentsOfVehicle(vehicleNo: number): readonly DriverAssignment[];
  /** Ascending. */
  assignmentsOfDriver(driverNo: number): readonly DriverAssignment[];
  /** Ascending, not overlapping: nearly always empty. */
  privatePeriods(vehicleNo: number): readonly PrivatePeriod[];
  /** Any vehicle has private periods. */
  isAnyPrivate(): boolean;
  /** Grows when what is private changes. */
  privateVersion(): number;
  /** Vehicles whose private periods changed after a version; undefined: too many to tell. */
  privateChangedSince(version: number): readonly number[] | undefined;
}

export interface NewDriver {
  readonly name: string;
  readonly number?: string | undefined;
  /** Name or id; a name that is not there is made. */
  readonly customer: string;
}

export interface DriverChanges {
  readonly name?: string | undefined;
  /** null removes. */
  readonly number?: string | null | undefined;
  readonly customer?: string | undefined;
}

export interface NewDriverAssignment extends DriverPeriod {
  readonly driverId: string;
}

/** A driver and what was driven, as a line of a file gives them: nothing is checked yet. */
export interface DriverLine {
  readonly line: number;
  readonly name?: unknown;
  readonly number?: unknown;
  readonly customer?: unknown;
  /** VIN, plate or id; undefined: the driver alone. */
  readonly vehicle?: unknown;
  readonly fromMs?: unknown;
  readonly toMs?: unknown;
  /** What was wrong already when it was read. */
  readonly problems: readonly LineProblem[];
}

/** What became of a line. `wrong`: nothing of it was stored. */
export interface DriverLineOutcome {
  readonly line: number;
  readonly outcome: 'made' | 'changed' | 'found' | 'wrong';
  readonly name: string | null;
  /** null: wrong, or made by what is only a dry run. */
  readonly driverId: string | null;
  readonly vehicleId: string | null;
  readonly assignmentId: string | null;
  /** Given values that are not what is stored: they were not changed. */
  readonly differs: readonly string[];
  readonly problems: readonly LineProblem[];
}

/** Who drives, and when nobody sees where. Throws CallerError with closed codes. docs/drivers.md */
export interface Drivers {
  readonly directory: DriverDirectory;
  create(driver: NewDriver): Promise<Driver>;
  change(id: string, changes: DriverChanges): Promise<Driver>;
  /** The assignment of now ends with the driver. */
  end(id: string): Promise<Driver>;
  /**
   * An assignment of the vehicle or the driver that is open and began before makes room; one that is closed and overlaps is
   * `already_exists`. Ends the private period of the driver who is relieved now.
   */
  assign(vehicleId: string, assignment: NewDriverAssignment): Promise<DriverAssignment>;
  changeAssignment(vehicleId: string, assignmentId: string, changes: Partial<DriverPeriod>): Promise<DriverAssignment>;
  removeAssignment(vehicleId: string, assignmentId: string): Promise<void>;
  /** Answers the private periods that hold the one asked for. `toMs` Infinity: until it is ended; both else not after now. */
  makePrivate(vehicleId: string, period: DriverPeriod): Promise<readonly PrivatePeriod[]>;
  /** Ends the private period of now, if there is one. */
  endPrivate(vehicleId: string): Promise<void>;
  /**
   * Makes or finds what each line asks for: the same lines again change nothing. Good lines are stored even when others are wrong. One
   * outcome a line, in their order.
   */
  importLines(lines: readonly DriverLine[], options: { readonly isDryRun: boolean }): Promise<readonly DriverLineOutcome[]>;
}
