/** One line of the ledger: values of a vehicle whose sample time lies in the period are gone, wherever they may come from again. */
export interface Erasure {
  readonly id: string;
  /** Which vehicle: by its opaque id, which is never given again, not even after a restore. */
  readonly vehicleId: string;
  /** ms, sample time. */
  readonly fromMs: number;
  /** ms, exclusive. */
  readonly toMs: number;
  readonly requestedAtMs: number;
  /** Words of who asked; no personal data belongs here. */
  readonly why: string;
}

/** The other kind of line: everything of this person is gone, whatever backup they may come back with. */
export interface ErasedPerson {
  readonly id: string;
  /** By the opaque id, which is never given again. */
  readonly personId: string;
  readonly requestedAtMs: number;
}

export type LedgerLine = Erasure | ErasedPerson;

export const isErasedPerson = (line: LedgerLine): line is ErasedPerson => 'personId' in line;

/** What a read model needs to know: plain data. */
export interface ErasedPeriod {
  readonly vehicleNo: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface EraseRequest {
  readonly vehicleId: string;
  /** Undefined: since ever. */
  readonly fromMs?: number | undefined;
  /** Undefined: until now. */
  readonly toMs?: number | undefined;
  readonly why?: string | undefined;
}

export interface Erasures {
  /** Answers when it is in the ledger; from then on nothing of it is shown. Throws `invalid_field`, `not_found`, `unavailable`. */
  erase(request: EraseRequest): Promise<Erasure>;
  /** In the order in which they were asked for. */
  list(vehicleId?: string): readonly Erasure[];
  /** Of the vehicles that the registry knows. */
  periods(): readonly ErasedPeriod[];
  periodsOf(vehicleNo: number): readonly ErasedPeriod[];
  isErased(vehicleNo: number, timeMs: number): boolean;
  /** Called with each new erasure, in the same turn in which it counts. */
  onErased(callback: (period: ErasedPeriod) => void): () => void;
  /** Erasures of vehicles that the registry does not know: kept in the file, applied when it does. */
  unknownCount(): number;
  /** Of people whose erasure began; each process has all that its own file names. */
  erasedPeople(): readonly ErasedPerson[];
  /** Answers when it is in the file of this process; once is enough. */
  keepErasedPerson(line: ErasedPerson): Promise<void>;
  /** Resolves when what any process had erased before counts here, too; within the same bounds as the registry. */
  catchUp(): Promise<void>;
  /** Erasures of other processes are no longer heard. */
  close(): Promise<void>;
}
