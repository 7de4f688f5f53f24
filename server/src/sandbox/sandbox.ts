import { CallerError, type Clock, type Logger, OperationalError } from '../kernel/index.ts';
import { type Ingest, submitReport } from '../ingest/index.ts';
import type { PartnerApp } from '../partners/index.ts';
import type { Random, Registry } from '../registry/index.ts';
import type { Consents, Granter, StoredGrant } from '../sharing/index.ts';
import type { Storage } from '../storage/index.ts';
import { sandboxLimits } from './limits.ts';
import { narrower } from './narrower.ts';
import * as store from './store.ts';
import type { SandboxActor, SandboxCar, SandboxTrigger } from './types.ts';
import { placardKpa, signalsAt } from './what-it-says.ts';

export interface SandboxParts {
  readonly storage: Storage;
  readonly registry: Pick<Registry, 'directory' | 'possessions' | 'createVehicle' | 'createDevice' | 'endVehicle'>;
  readonly consents: Pick<Consents, 'book' | 'give' | 'narrow'>;
  readonly ingest: Ingest;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
}

interface Drive {
  readonly untilMs: number;
  /** Its next report. */
  cancel: () => void;
}

/** Whose cars they are until they are claimed, which is at once. */
const customer = 'Sandbox';
const note =
  'A car of a sandbox: simulated. Where it is, how fast, how far and its battery are recorded, its tires are invented.';
const byServer = { personNo: null, address: '' } as const;

/** Cars with which a partner tries its app out: each a vehicle like any other, and whatever happens to it goes the way of any other. */
export class Sandbox {
  readonly #parts: SandboxParts;
  readonly #driving = new Map<number, Drive>();
  #isClosed = false;

  constructor(parts: SandboxParts) {
    this.#parts = parts;
  }

  /** `asPersonNo`: null is the app itself. Oldest first. */
  list(app: PartnerApp, asPersonNo: number | null): Promise<readonly SandboxCar[]> {
    return store.listCars(this.#parts.storage, app.appNo, asPersonNo);
  }

  /** A vehicle with its device, which its maker claims; it says where it is. Throws `bad_request`, `in_use`. */
  async make(app: PartnerApp, by: SandboxActor): Promise<SandboxCar> {
    checkSandbox(app);
    const { storage, registry, clock } = this.#parts;
    const full = await store.roomFor(storage, app.appNo, by.personNo);
    if (full !== undefined) throw new CallerError('in_use', full);
    const vehicle = await registry.createVehicle({
      vin: `0SANDB0X${this.#digits(9)}`,
      customer,
      plate: 'SANDBOX',
      model: 'Sandbox car',
      note,
      tirePlacardKpa: [placardKpa, placardKpa, placardKpa, placardKpa],
    });
    try {
      // 00 is of test equipment (3GPP TS 23.003): no device of a real car has such a number.
      const { device } = await registry.createDevice({ imei: `00${this.#digits(13)}`, vehicleId: vehicle.id });
      const { code } = await registry.possessions.makeClaimCode(vehicle.id, 'operator', byServer);
      await registry.possessions.claim(code, by);
      const { vehicleNo } = vehicle;
      const made = { vehicleNo, appNo: app.appNo, personNo: by.personNo, deviceNo: device.deviceNo, madeMs: clock.now() };
      if (!(await store.insertCar(storage, made)))
        throw new CallerError('in_use', 'a car was made meanwhile: there is no room any more');
      const car = { ...made, step: 0, drivesUntilMs: null };
      await this.#report(car, false);
      return car;
    } catch (error) {
      await registry.endVehicle(vehicle.id);
      throw error;
    }
  }

  /** Its grants end with it. */
  async end(car: SandboxCar): Promise<void> {
    const { storage, registry, clock } = this.#parts;
    this.#stand(car.vehicleNo);
    await store.endCar(storage, car.vehicleNo, clock.now());
    const vehicle = registry.directory.vehicleByNo(car.vehicleNo);
    if (vehicle && vehicle.endedAt === null) await registry.endVehicle(vehicle.id);
  }

  /** With the app. */
  async endAll(app: PartnerApp): Promise<void> {
    for (const car of await this.list(app, null)) await this.end(car);
  }

  /** The newest of the app. */
  grantOf({ appNo, vehicleNo }: SandboxCar): StoredGrant | undefined {
    const grants = this.#parts.consents.book.of({ kind: 'app', appNo }, vehicleNo);
    return grants.findLast(({ state }) => state !== 'ended') ?? grants.at(-1);
  }

  /** Answers the car as it is then. Throws `bad_request`, `not_found`, `in_use`, `overloaded`, `unavailable`. */
  async trigger(app: PartnerApp, car: SandboxCar, trigger: SandboxTrigger, address: string): Promise<SandboxCar> {
    checkSandbox(app);
    if (trigger === 'report' || trigger === 'warning') await this.#report(car, trigger === 'warning');
    else if (trigger === 'drive') return this.#drive(car);
    else if (trigger === 'grant') await this.#grant(app, car, granterOf(car, address));
    else await this.#takeBack(car, trigger, granterOf(car, address));
    return car;
  }

  /** Resolves when it is durable. */
  async #report(car: SandboxCar, isLow: boolean): Promise<void> {
    const { storage, registry, ingest, clock } = this.#parts;
    const device = registry.directory.deviceByNo(car.deviceNo);
    const step = await store.takeStep(storage, car.vehicleNo);
    if (!device || step === undefined) throw new CallerError('not_found', 'this car has ended');
    await submitReport(ingest, device, { samples: [{ time: clock.now(), signals: signalsAt(step, isLow) }] });
  }

  async #drive(car: SandboxCar): Promise<SandboxCar> {
    const { storage, clock } = this.#parts;
    if (!this.#driving.has(car.vehicleNo) && this.#driving.size >= sandboxLimits.drivingMax)
      throw new OperationalError('overloaded', 'as many cars of sandboxes as may are driving', { retryAfterSeconds: 60 });
    const untilMs = clock.now() + sandboxLimits.driveMs;
    await this.#report(car, false);
    await store.putDrive(storage, [car.vehicleNo], untilMs);
    this.#stand(car.vehicleNo);
    if (!this.#isClosed) this.#begin(car, { untilMs, cancel: () => {} });
    return { ...car, drivesUntilMs: untilMs };
  }

  #begin(car: SandboxCar, drive: Drive): void {
    const { clock, logger } = this.#parts;
    this.#driving.set(car.vehicleNo, drive);
    // While it reports it may have been told to drive anew, or to stand.
    const isStill = (): boolean => this.#driving.get(car.vehicleNo) === drive;
    const wait = (): void => {
      drive.cancel = clock.after(sandboxLimits.driveEveryMs, next);
    };
    const next = (): void => {
      if (clock.now() >= drive.untilMs) return this.#stand(car.vehicleNo);
      this.#report(car, false).then(
        () => (isStill() ? wait() : undefined),
        (error: unknown) => {
          logger.warn('a car of a sandbox has stopped driving', { error });
          if (isStill()) this.#stand(car.vehicleNo);
        },
      );
    };
    wait();
  }

  #stand(vehicleNo: number): void {
    this.#driving.get(vehicleNo)?.cancel();
    this.#driving.delete(vehicleNo);
  }

  /** What the app may ask for, as finely as it may, for the purpose that it declared first. */
  async #grant(app: PartnerApp, { appNo, vehicleNo }: SandboxCar, by: Granter): Promise<void> {
    const [purpose] = app.purposes;
    if (!purpose || app.items.length === 0)
      throw new CallerError('bad_request', 'the app has declared no purpose, or may ask for nothing yet');
    const items = app.items.map(({ reason: _reason, ...item }) => item);
    const reader = { kind: 'app', appNo } as const;
    const terms = { purpose: purpose.purpose, purposeVersion: String(purpose.version), untilMs: null, backDays: 0 };
    await this.#parts.consents.give({ reader, vehicleNos: [vehicleNo], items, ...terms }, by);
  }

  async #takeBack(car: SandboxCar, trigger: 'narrowing' | 'expiry', by: Granter): Promise<void> {
    const { consents, clock } = this.#parts;
    const grant = this.grantOf(car);
    if (!grant || grant.state === 'ended')
      throw new CallerError('not_found', 'the app has no grant of this car: ask its holder, or trigger `grant`');
    if (trigger === 'narrowing') await consents.narrow(grant.id, { items: narrower(grant.items) }, by);
    else await consents.narrow(grant.id, { untilMs: clock.now() + sandboxLimits.expiresInMs }, by);
  }

  #digits(count: number): string {
    return Array.from(this.#parts.random(count), (byte) => String(byte % 10)).join('');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const driving = [...this.#driving.keys()];
    for (const vehicleNo of driving) this.#stand(vehicleNo);
    if (driving.length > 0) await store.putDrive(this.#parts.storage, driving, null).catch(() => {});
  }
}

/** Throws `bad_request`. */
const checkSandbox = ({ environment }: PartnerApp): void => {
  if (environment !== 'sandbox') throw new CallerError('bad_request', 'only sandbox apps have cars of a sandbox');
};

/** As who made the car: its holder, who shared it with the sandbox by making it. */
const granterOf = ({ personNo }: SandboxCar, address: string): Granter => ({
  personNo,
  customerNos: [],
  address,
  answer: { textVersion: 'sandbox', language: 'en', method: 'api' },
});
