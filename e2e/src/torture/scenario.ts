import type { TortureContext } from './context.ts';

/** Something that a scenario needs of the machine. */
export interface Prerequisite {
  /** Undefined: it is there. Else why the scenario cannot run. */
  missing(): string | undefined;
}

export type Figures = Readonly<Record<string, number | string>>;

/** What a scenario found out; that it did not hold it says by throwing. */
export interface Outcome {
  /** Reports that were acknowledged, and how many of those could be read back. */
  readonly acknowledged: number;
  readonly found: number;
  /** From the end of the fault to the first acknowledgement after it, one for each time. */
  readonly recoverySeconds?: readonly number[];
  /** What else was measured; the name says what, with its unit. */
  readonly figures?: Figures;
}

/** One fault, inflicted on a real server with a data folder of its own. */
export interface Scenario {
  readonly name: string;
  /** What is done, in a sentence. */
  readonly what: string;
  /** What device, user and operator shall see of it. */
  readonly expected: string;
  readonly needs?: readonly Prerequisite[];
  run(context: TortureContext): Promise<Outcome>;
}

export interface Result {
  readonly scenario: string;
  readonly what: string;
  readonly command: string;
  readonly commit: string;
  readonly date: string;
  readonly machine: string;
  /** Processes that ran or wanted to before it began (one-minute average): a machine that others use gives worse figures. */
  readonly loadBefore: number;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly why?: string;
  readonly seconds?: number;
  readonly acknowledged?: number;
  readonly found?: number;
  readonly recoverySeconds?: readonly number[];
  /** Of the server's process, all its threads; PostgreSQL is not in it. */
  readonly peakMemoryMb?: number;
  readonly figures?: Figures;
}
