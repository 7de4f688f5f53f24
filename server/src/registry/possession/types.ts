import type { Transaction } from '../../storage/index.ts';

/** Who a vehicle belongs to: a private owner, or a customer. Only the holder grants. */
export type Holder =
  | { readonly kind: 'person'; readonly personNo: number }
  | { readonly kind: 'customer'; readonly customerNo: number };

export const isSameHolder = (a: Holder, b: Holder): boolean =>
  a.kind === 'person' ? b.kind === 'person' && a.personNo === b.personNo : b.kind === 'customer' && a.customerNo === b.customerNo;

export const possessionWays = ['enrolled', 'transferred', 'claimed', 'released'] as const;
export type PossessionWay = (typeof possessionWays)[number];

/** Who held a vehicle from when to when, by sample time: ms, `toMs` exclusive, −Infinity and Infinity where it is open. */
export interface PossessionPeriod {
  readonly holder: Holder;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A look of staff at what a private owner keeps to themselves. */
export interface BrokenGlass {
  /** null: the bearer of the operator token. */
  readonly personNo: number | null;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** In memory, complete, kept up to date: who holds what, and held it. */
export interface PossessionDirectory {
  /** Ascending, without gaps, the last one open; empty for a vehicle that is not there. */
  periods(vehicleNo: number): readonly PossessionPeriod[];
  /** It changed hands at least once, or is a person's. */
  hasRows(vehicleNo: number): boolean;
  holderNow(vehicleNo: number): Holder | undefined;
  /** Vehicles that the person holds or held. */
  vehiclesOfPerson(personNo: number): Iterable<number>;
  /** Any vehicle is or was a person's. */
  isAnyPersons(): boolean;
  /** Ascending by start; those that are over, too, for a while. */
  brokenGlass(vehicleNo: number): readonly BrokenGlass[];
  /** Vehicles behind the glass that somebody of the staff has broken and that is not whole again; null: the bearer of the operator token. */
  glassOf(personNo: number | null, nowMs: number): readonly number[];
  /** Grows with every change. */
  version(): number;
  /** Vehicles that changed after a version; undefined: too many to tell. */
  changedSince(version: number): readonly number[] | undefined;
  onChange(callback: (vehicleNos: readonly number[]) => void): () => void;
}

/** Whoever acts, for the audit log. */
export interface Acting {
  /** null: the bearer of the operator token, or a device. */
  readonly personNo: number | null;
  readonly address: string;
}

export const claimGivers = ['operator', 'holder', 'device'] as const;
export type ClaimGiver = (typeof claimGivers)[number];

export interface ClaimCode {
  /** 12 characters of Crockford's base32, in groups of four. */
  readonly code: string;
  readonly expiresAt: number;
}

export interface ClaimedVehicle {
  readonly id: string;
  readonly vin: string;
  readonly model: string | null;
}

/** In the transaction of a transfer: what ends with it. */
export type TransferHook = (tx: Transaction, vehicleNo: number, nowMs: number) => Promise<void>;

/** Who holds what. docs/people.md. Throws CallerError with closed codes. */
export interface Possessions {
  readonly directory: PossessionDirectory;
  /** A code with which a person becomes the holder. The codes before it end. A device's counts only while nobody has claimed the vehicle. */
  makeClaimCode(vehicleId: string, givenBy: ClaimGiver, by: Acting, seen?: Holder): Promise<ClaimCode>;
  /**
   * A code for a device to show to who stands before it, for ten minutes: the one before ends. Throws `forbidden` where it would not count (the
   * vehicle is a person's or a customer's), `not_found` for a device on no vehicle, `too_many_requests`.
   */
  makeShownCode(
    device: { readonly deviceNo: number; readonly vehicleId: string | undefined },
    address: string,
  ): Promise<ClaimCode>;
  /** Makes a person the holder from now on. Throws `not_found` for a code that is unknown, used or over. */
  claim(code: string, by: Acting & { readonly personNo: number }): Promise<ClaimedVehicle>;
  /** Staff see everything of the vehicle for an hour; its owner sees that, and why. */
  breakGlass(vehicleId: string, reason: string, by: Acting): Promise<BrokenGlass>;
  /**
   * A person is forgotten: who drove the vehicle in their time, and when it was private, goes. If they hold it, it is nobody's until somebody claims it,
   * and its devices come off. Once more changes nothing.
   */
  release(vehicleId: string, personNo: number, by: Acting): Promise<void>;
  /** Called in the transaction of each transfer. */
  whenTransferred(hook: TransferHook): void;
}
