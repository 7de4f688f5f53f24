import { type AuditEvent, writeAudit } from '../../audit/index.ts';
import { CallerError, type Clock, FailureCounter, invalidField } from '../../kernel/index.ts';
import type { Transaction } from '../../storage/index.ts';
import { endAssignments, lockPeriods } from '../drivers/store.ts';
import { idPrefixes, makeId, type Random } from '../ids.ts';
import * as registry from '../store.ts';
import type { Directory } from '../types.ts';
import { digestOfClaimCode, makeClaimCode, readClaimCode } from './claim-code.ts';
import { possessionLimits, shownCodesByDevice, wrongCodesByPerson } from './limits.ts';
import * as store from './store.ts';
import {
  type Acting,
  type BrokenGlass,
  type ClaimCode,
  type ClaimedVehicle,
  type ClaimGiver,
  type Holder,
  type PossessionDirectory,
  type Possessions,
  type PossessionWay,
  type TransferHook,
  isSameHolder,
} from './types.ts';

/** What a transaction about possession wrote: it is read anew. */
export interface PossessionWritten {
  readonly customerNos?: readonly number[];
  readonly vehicleNos?: readonly number[];
  /** Vehicles whose holders or broken glass changed. */
  readonly possessionVehicleNos?: readonly number[];
  readonly driverVehicleNos?: readonly number[];
  readonly deviceNos?: readonly number[];
}

export interface PossessionsContext {
  readonly directory: PossessionDirectory;
  readonly vehicles: Directory;
  readonly clock: Clock;
  readonly random: Random;
  readonly pepper: Uint8Array;
  /** One transaction, told to other processes; in the directories when it resolves. */
  readonly write: (run: (tx: Transaction) => Promise<PossessionWritten>) => Promise<void>;
}

const isPersons = (holder: Holder | undefined): holder is Holder & { readonly kind: 'person' } => holder?.kind === 'person';

const unknownCode = (): CallerError => new CallerError('not_found', 'this code is unknown, was used, or is over');

/**
 * Whether a code counts for a vehicle that is held so: a holder's and an operator's do for whom they were given, what a device shows only while
 * nobody has claimed the vehicle. Whoever sits in a car that is somebody's cannot take it.
 */
export const mayClaim = (givenBy: ClaimGiver, holder: Holder, privateOwnersNo: number | undefined): boolean => {
  if (givenBy === 'holder') return true;
  if (holder.kind === 'person') return false;
  return givenBy === 'operator' || holder.customerNo === privateOwnersNo;
};

class PossessionStore implements Possessions {
  readonly directory: PossessionDirectory;
  readonly #context: PossessionsContext;
  readonly #hooks: TransferHook[] = [];
  readonly #wrongCodes = new FailureCounter(wrongCodesByPerson);
  readonly #shownCodes = new FailureCounter(shownCodesByDevice);

  constructor(context: PossessionsContext) {
    this.directory = context.directory;
    this.#context = context;
  }

  whenTransferred(hook: TransferHook): void {
    this.#hooks.push(hook);
  }

  makeShownCode({ deviceNo, vehicleId }: Parameters<Possessions['makeShownCode']>[0], address: string): Promise<ClaimCode> {
    const nowMs = this.#context.clock.now();
    const key = String(deviceNo);
    const refusedMs = this.#shownCodes.refusedMs(key, nowMs);
    if (refusedMs > 0)
      throw new CallerError('too_many_requests', 'this device asked for too many codes', {
        retryAfterSeconds: Math.ceil(refusedMs / 1000),
      });
    this.#shownCodes.fail(key, nowMs);
    if (vehicleId === undefined) throw new CallerError('not_found', 'this device is on no vehicle');
    return this.makeClaimCode(vehicleId, 'device', { personNo: null, address });
  }

  async makeClaimCode(vehicleId: string, givenBy: ClaimGiver, by: Acting, seen?: Holder): Promise<ClaimCode> {
    const { clock, random, pepper } = this.#context;
    const code = makeClaimCode(random);
    const nowMs = clock.now();
    const expiresAt = nowMs + (givenBy === 'device' ? possessionLimits.shownCodeMs : possessionLimits.claimCodeMs);
    await this.#context.write(async (tx) => {
      const { vehicleNo } = await this.#lock(tx, vehicleId);
      const holder = await this.#holderOf(tx, vehicleNo);
      // Somebody may have claimed it while this waited for the vehicle.
      if (givenBy === 'holder' && !(seen && holder && isSameHolder(holder, seen)))
        throw new CallerError('forbidden', 'this vehicle is somebody else’s by now');
      if (givenBy !== 'holder' && isPersons(holder))
        throw new CallerError('forbidden', 'this vehicle is a person’s, who alone gives it away');
      const newCustomerNos = givenBy === 'device' ? await this.#checkShown(tx, holder, nowMs) : [];
      const digest = digestOfClaimCode(pepper, readClaimCode(code) ?? '');
      await store.putClaimCode(tx, { digest, vehicleNo, givenBy, personNo: by.personNo, expiresAt }, nowMs);
      await this.#audit(tx, { act: 'claim_made', subject: vehicleId, detail: { givenBy } }, by, holder);
      return { customerNos: newCustomerNos };
    });
    return { code, expiresAt };
  }

  /** A device shows a code only where it would count. Answers a customer that was made for it. */
  async #checkShown(tx: Transaction, holder: Holder | undefined, nowMs: number): Promise<readonly number[]> {
    const owners = await store.keepPrivateOwners(tx, makeId(idPrefixes.customer, this.#context.random), nowMs);
    if (!holder || !mayClaim('device', holder, owners.customerNo))
      throw new CallerError('forbidden', 'this vehicle is a customer’s: its operator gives the code');
    return owners.isNew ? [owners.customerNo] : [];
  }

  async claim(code: string, by: Acting & { readonly personNo: number }): Promise<ClaimedVehicle> {
    const { clock, pepper } = this.#context;
    const key = String(by.personNo);
    const refusedMs = this.#wrongCodes.refusedMs(key, clock.now());
    if (refusedMs > 0)
      throw new CallerError('too_many_failures', 'too many codes were wrong', { retryAfterSeconds: Math.ceil(refusedMs / 1000) });
    const letters = readClaimCode(code);
    let claimed: string | undefined;
    if (letters !== undefined)
      await this.#context.write(async (tx) => {
        const nowMs = clock.now();
        const found = await store.readClaimCode(tx, digestOfClaimCode(pepper, letters), nowMs);
        if (!found) return {};
        await lockPeriods(tx);
        const { vehicleNo } = await this.#lock(tx, found.vehicleId);
        // Of two who come with one code the second finds it gone.
        if (!(await store.hasClaimCode(tx, digestOfClaimCode(pepper, letters)))) return {};
        const privateOwners = await store.keepPrivateOwners(tx, makeId(idPrefixes.customer, this.#context.random), nowMs);
        const holder = await this.#holderOf(tx, vehicleNo);
        if (!holder || !mayClaim(found.givenBy, holder, privateOwners.customerNo)) return {};
        claimed = found.vehicleId;
        const written = await this.giveTo(tx, found.vehicleId, { kind: 'person', personNo: by.personNo }, 'claimed', by);
        return { ...written, customerNos: privateOwners.isNew ? [privateOwners.customerNo] : [] };
      });
    if (claimed !== undefined) return this.#vehicle(claimed);
    this.#wrongCodes.fail(key, clock.now());
    throw unknownCode();
  }

  async breakGlass(vehicleId: string, reason: string, by: Acting): Promise<BrokenGlass> {
    const { clock, random } = this.#context;
    const text = reason.trim();
    const { reasonCharactersMin, reasonCharactersMax } = possessionLimits;
    if (text.length < reasonCharactersMin || text.length > reasonCharactersMax)
      throw invalidField('reason', reason, `${reasonCharactersMin} to ${reasonCharactersMax} characters`);
    const fromMs = clock.now();
    const glass = { personNo: by.personNo, fromMs, untilMs: fromMs + possessionLimits.brokenGlassMs };
    await this.#context.write(async (tx) => {
      const { vehicleNo } = await this.#lock(tx, vehicleId);
      const id = makeId(idPrefixes.brokenGlass, random);
      await store.insertBrokenGlass(tx, { ...glass, id, vehicleNo, reason: text });
      const event = { act: 'glass_broken', subject: vehicleId, detail: { reason: text } } as const;
      await this.#audit(tx, event, by, await this.#holderOf(tx, vehicleNo));
      return { possessionVehicleNos: [vehicleNo] };
    });
    return glass;
  }

  async release(vehicleId: string, personNo: number, by: Acting): Promise<void> {
    await this.#context.write(async (tx) => {
      const nowMs = this.#context.clock.now();
      await lockPeriods(tx);
      const { no, hasEnded } = await registry.lockVehicle(tx, vehicleId);
      await store.deletePeriodsOf(tx, no, personNo);
      const of = { possessionVehicleNos: [no], driverVehicleNos: [no] };
      const holder = await this.#holderOf(tx, no);
      if (!isPersons(holder) || holder.personNo !== personNo) return of;
      // What they called it, and wrote of it, is theirs.
      await registry.updateVehicleRow(tx, no, { plate: null, note: null });
      if (hasEnded) return { ...of, vehicleNos: [no] };
      const { customerNo, isNew } = await store.keepPrivateOwners(tx, makeId(idPrefixes.customer, this.#context.random), nowMs);
      await this.giveTo(tx, vehicleId, { kind: 'customer', customerNo }, 'released', by);
      // Nobody has agreed to what it goes on sending.
      const deviceNos = await registry.takeDevicesOff(tx, no, nowMs);
      return { ...of, vehicleNos: [no], deviceNos, customerNos: isNew ? [customerNo] : [] };
    });
  }

  /** In a transaction: ends the one period and begins the next. Nothing is written when the holder stays. */
  async giveTo(tx: Transaction, vehicleId: string, to: Holder, how: PossessionWay, by: Acting): Promise<PossessionWritten> {
    const nowMs = this.#context.clock.now();
    // Before the vehicle, which whoever writes a driver's period needs, too.
    await lockPeriods(tx);
    const { vehicleNo, customerNo } = await this.#lock(tx, vehicleId);
    const periods = await store.readPossessions(tx, { from: vehicleNo, to: vehicleNo });
    const holder = periods.at(-1)?.holder ?? { kind: 'customer', customerNo };
    if (isSameHolder(holder, to)) return {};
    if (isPersons(holder) && how !== 'claimed' && how !== 'released')
      throw new CallerError('forbidden', 'this vehicle is a person’s, who alone gives it away');
    const id = (): string => makeId(idPrefixes.possession, this.#context.random);
    if (periods.length === 0) {
      const first = { id: id(), vehicleNo, holder, how: 'enrolled', fromMs: Number.NEGATIVE_INFINITY, toMs: nowMs } as const;
      await store.insertPossession(tx, first, nowMs);
    } else await store.endPossession(tx, vehicleNo, nowMs);
    await store.insertPossession(
      tx,
      { id: id(), vehicleNo, holder: to, how, fromMs: nowMs, toMs: Number.POSITIVE_INFINITY },
      nowMs,
    );
    await store.giveVehicleTo(tx, vehicleNo, await this.#servedBy(tx, to, nowMs));
    await store.dropClaimCodes(tx, vehicleNo);
    await endAssignments(tx, 'vehicle_no', vehicleNo, nowMs);
    for (const hook of this.#hooks) await hook(tx, vehicleNo, nowMs);
    const act = how === 'claimed' ? 'vehicle_claimed' : 'vehicle_transferred';
    await this.#audit(tx, { act, subject: vehicleId }, by, to);
    if (isPersons(holder)) await this.#audit(tx, { act: 'vehicle_transferred', subject: vehicleId }, by, holder);
    const vehicleNos = [vehicleNo];
    return { vehicleNos, possessionVehicleNos: vehicleNos, driverVehicleNos: vehicleNos };
  }

  async #servedBy(tx: Transaction, to: Holder, nowMs: number): Promise<number> {
    if (to.kind === 'customer') return to.customerNo;
    return (await store.keepPrivateOwners(tx, makeId(idPrefixes.customer, this.#context.random), nowMs)).customerNo;
  }

  async #lock(tx: Transaction, vehicleId: string): Promise<{ readonly vehicleNo: number; readonly customerNo: number }> {
    const { no, hasEnded } = await registry.lockVehicle(tx, vehicleId);
    if (hasEnded) throw invalidField('id', vehicleId, 'a vehicle that has not ended');
    const { entity } = await registry.readVehicle(tx, no);
    return { vehicleNo: no, customerNo: entity.customerNo };
  }

  async #holderOf(tx: Transaction, vehicleNo: number): Promise<Holder | undefined> {
    const rows = await store.readPossessions(tx, { from: vehicleNo, to: vehicleNo });
    if (rows.length > 0) return rows.at(-1)?.holder;
    const { entity } = await registry.readVehicle(tx, vehicleNo);
    return { kind: 'customer', customerNo: entity.customerNo };
  }

  /** A private owner sees what was done with the own vehicle, whoever did it. */
  #audit(
    tx: Transaction,
    event: Pick<AuditEvent, 'act' | 'subject' | 'detail'>,
    by: Acting,
    holder: Holder | undefined,
  ): Promise<void> {
    const concerned = isPersons(holder) ? { subjectPersonNo: holder.personNo } : {};
    return writeAudit(tx, { ...event, ...by, ...concerned }, this.#context.clock.now());
  }

  #vehicle(id: string): ClaimedVehicle {
    const vehicle = this.#context.vehicles.vehicleById(id);
    if (!vehicle) throw new CallerError('not_found', 'there is nothing with this id');
    return vehicle;
  }
}

export type { PossessionStore };
export const makePossessions = (context: PossessionsContext): PossessionStore => new PossessionStore(context);
