import type { SandboxTrigger } from '@milepost/contract/api';

export type { SandboxTrigger };

/** A car of an app's sandbox: simulated, and a car like any other to everybody else. */
export interface SandboxCar {
  readonly vehicleNo: number;
  readonly appNo: number;
  /** Who made it, and holds it. */
  readonly personNo: number;
  readonly deviceNo: number;
  /** Rows of the recorded drive that it has told. */
  readonly step: number;
  readonly madeMs: number;
  /** It drives until then; null: it stands. */
  readonly drivesUntilMs: number | null;
}

/** Who asks, and from where. */
export interface SandboxActor {
  readonly personNo: number;
  readonly address: string;
}
