import { type Clock, CallerError, invalidField } from '../kernel/index.ts';
import { type Actor, type Storage, systemActor, type Transaction } from '../storage/index.ts';
import { checkImei, checkTime } from './check-input.ts';
import type { Random } from './ids.ts';
import { normaliseImei } from './imei.ts';
import { type DeviceRecord, type NumberRange, readDevices } from './rows.ts';
import { hashSecret, makeSecret } from './secrets.ts';
import * as store from './store-credentials.ts';
import { at, lockDevice, readDevice } from './store.ts';
import type { Credentials, Device, Directory, NewSecret } from './types.ts';

export interface CredentialsContext {
  readonly storage: Storage;
  readonly directory: Directory;
  readonly pepper: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  readonly operator: Actor;
  /** One transaction, told to other processes, in the directory when it resolves. */
  readonly write: (run: (tx: Transaction) => Promise<readonly DeviceRecord[]>, actor?: Actor) => Promise<readonly DeviceRecord[]>;
  readonly readNumbers: <T>(numbers: readonly number[], read: (range: NumberRange) => Promise<T[]>) => Promise<T[]>;
}

/** Devices whose windows are opened in one transaction. */
const windowsPerTransaction = 500;
/** A device speaks here, which by its own right sees no more than itself. */
const enrolmentActor = systemActor('enrolment');
const sha256Pattern = /^[0-9a-f]{64}$/;

const sole = (records: readonly DeviceRecord[]): Device => (records[0] as DeviceRecord).entity;

const lockInUse = async (tx: Transaction, id: string): Promise<Device> => {
  const { entity } = await lockDevice(tx, id);
  if (entity.revokedAt !== null) throw invalidField('id', id, 'a device that was not revoked');
  return entity;
};

class DeviceCredentialStore implements Credentials {
  readonly #context: CredentialsContext;

  constructor(context: CredentialsContext) {
    this.#context = context;
  }

  /** Changes one device that is in use, or finds that there is nothing to change. */
  async #change(id: string, change: (tx: Transaction, device: Device, nowMs: number) => Promise<void>): Promise<Device> {
    const records = await this.#context.write(async (tx) => {
      const device = await lockInUse(tx, id);
      await change(tx, device, this.#context.clock.now());
      return [await readDevice(tx, device.deviceNo)];
    });
    return sole(records);
  }

  async renewSecret(id: string): Promise<NewSecret> {
    const { pepper, random } = this.#context;
    const secret = makeSecret(random);
    const device = await this.#change(id, async (tx, { deviceNo }, nowMs) => {
      await store.putSecret(tx, deviceNo, hashSecret(pepper, secret), nowMs);
      await store.addEvents(tx, [deviceNo], { event: 'secret_renewed', actor: 'operator', detail: '' }, nowMs);
    });
    return { device, secret };
  }

  /** The directory is asked first: who only guesses reaches no database. */
  async fetchSecret(imei: string, address: string): Promise<NewSecret | undefined> {
    const { directory, clock, pepper, random, write } = this.#context;
    const nowMs = clock.now();
    const known = directory.deviceByImei(imei);
    const untilMs = known?.credentials.enrolmentUntil ?? 0;
    if (!known || known.revokedAt !== null || untilMs <= nowMs) return undefined;
    const { deviceNo } = known;
    const secret = makeSecret(random);
    const records = await write(async (tx) => {
      if (!(await store.takeWindow(tx, deviceNo, hashSecret(pepper, secret), nowMs))) return [];
      await store.addEvents(tx, [deviceNo], { event: 'secret_fetched', actor: 'device', detail: address.slice(0, 200) }, nowMs);
      return [await readDevice(tx, deviceNo)];
    }, enrolmentActor);
    return records.length === 0 ? undefined : { device: sole(records), secret };
  }

  async openWindow(id: string, untilMs: number): Promise<Device> {
    checkTime('until', untilMs);
    return this.#change(id, async (tx, { deviceNo }, nowMs) => {
      await store.putWindows(tx, [deviceNo], untilMs);
      await store.addEvents(tx, [deviceNo], { event: 'window_opened', actor: 'operator', detail: at(untilMs) }, nowMs);
    });
  }

  async openWindows(imeis: readonly string[], untilMs: number): ReturnType<Credentials['openWindows']> {
    checkTime('until', untilMs);
    const { directory } = this.#context;
    const asked = new Set(imeis.map((imei) => normaliseImei(imei) ?? checkImei(imei)));
    const found = new Set<number>();
    for (const imei of asked) {
      const device = directory.deviceByImei(imei);
      if (device?.revokedAt === null) found.add(device.deviceNo);
    }
    // In their order, so that the rows of one transaction lie close to each other.
    const deviceNos = [...found].sort((a, b) => a - b);
    const opened: Device[] = [];
    for (let start = 0; start < deviceNos.length; start += windowsPerTransaction)
      opened.push(...(await this.#openSome(deviceNos.slice(start, start + windowsPerTransaction), untilMs)));
    for (const { imei } of opened) asked.delete(imei);
    return { opened, unknown: [...asked] };
  }

  async #openSome(deviceNos: readonly number[], untilMs: number): Promise<readonly Device[]> {
    const { clock, write, readNumbers } = this.#context;
    let changed: readonly number[] = [];
    const records = await write(async (tx) => {
      changed = await store.putWindows(tx, deviceNos, untilMs);
      const event = { event: 'window_opened', actor: 'operator', detail: at(untilMs) } as const;
      await store.addEvents(tx, changed, event, clock.now());
      return readNumbers(changed, (range) => readDevices(tx, range));
    });
    const isChanged = new Set(changed);
    return records.map((record) => record.entity).filter(({ deviceNo }) => isChanged.has(deviceNo));
  }

  closeWindow(id: string): Promise<Device> {
    return this.#change(id, async (tx, { deviceNo, credentials }, nowMs) => {
      if (credentials.enrolmentUntil === null) return;
      await store.clearWindow(tx, deviceNo);
      await store.addEvents(tx, [deviceNo], { event: 'window_closed', actor: 'operator', detail: '' }, nowMs);
    });
  }

  async pinCertificate(id: string, sha256: string): Promise<Device> {
    if (!sha256Pattern.test(sha256)) throw invalidField('sha256', sha256, '64 hexadecimal digits');
    return this.#putCertificate(id, sha256);
  }

  unpinCertificate(id: string): Promise<Device> {
    return this.#putCertificate(id, null);
  }

  #putCertificate(id: string, sha256: string | null): Promise<Device> {
    return this.#change(id, async (tx, { deviceNo, credentials }, nowMs) => {
      if (credentials.certificateSha256 === sha256) return;
      await store.putCertificate(tx, deviceNo, sha256);
      const event = sha256 === null ? 'certificate_unpinned' : 'certificate_pinned';
      await store.addEvents(tx, [deviceNo], { event, actor: 'operator', detail: sha256 ?? '' }, nowMs);
    });
  }

  async events(id: string, page: Parameters<Credentials['events']>[1]): ReturnType<Credentials['events']> {
    const { directory, storage, operator } = this.#context;
    const device = directory.deviceById(id);
    if (!device) throw new CallerError('not_found', 'there is nothing with this id');
    return storage.withActor(operator, (tx) => store.readEvents(tx, device.deviceNo, page));
  }
}

export const makeCredentials = (context: CredentialsContext): Credentials => new DeviceCredentialStore(context);
