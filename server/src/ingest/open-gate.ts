import { setTimeout as wait } from 'node:timers/promises';
import { closeCodes } from '@milepost/contract';
import type { DeviceIdentity, Devices } from '../devices/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import { CallerError, type Clock, type Logger, OperationalError } from '../kernel/index.ts';
import type {
  ClientCertificate,
  DeviceGate,
  DeviceSession,
  DeviceTransport,
  TelemetryAnswer,
  TelemetryBody,
  TelemetryHandler,
  TelemetryRequest,
} from '../protocols/index.ts';
import { type SessionHost, SocketSession } from './device-session.ts';
import { comeBackSeconds, drainMs, shuffled } from './plan-drain.ts';
import { sessionLimits } from './session-limits.ts';
import { type BusyDevice, DeviceShares } from './device-shares.ts';
import { handleTelemetry } from './handle-telemetry.ts';
import type { Ingest } from './types.ts';

export interface GateOptions {
  readonly ingest: Ingest;
  readonly devices: Devices;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 ≤ answer < 1 */
  readonly random?: () => number;
}

/** The door of all devices: admits connections, ends those whose token or device ended, answers in groups. */
export interface Gate extends DeviceGate, TelemetryHandler {
  readonly ingest: Ingest;
  /** Ends sessions whose token has expired. */
  sweep(): void;
  sessions(): number;
  /** Takes no more connections, and lets go of those there are: spread over a time, each with when to come back. */
  drain(): Promise<void>;
  readonly isDraining: boolean;
  /** Who reports most, and how often somebody was slowed down for it. */
  busiest(): readonly BusyDevice[];
  throttles(): number;
  close(): void;
}

const credentialsChanged = 'the secret or certificate of the device changed';

class SessionGate implements Gate, SessionHost {
  readonly ingest: Ingest;
  readonly #options: GateOptions;
  /** Sessions by deviceNo, oldest first. */
  readonly #sessions = new Map<number, SocketSession[]>();
  readonly #shares = new DeviceShares();
  #pruneAtMs = 0;
  #count = 0;
  #batchBytes = 0;
  #ready: SocketSession[] = [];
  /** Sessions that there were when the drain began; undefined: there is none. */
  #drained: number | undefined;
  #isFlushing = false;
  readonly #stopListening: readonly (() => void)[];

  constructor(options: GateOptions) {
    this.#options = options;
    this.ingest = options.ingest;
    this.#stopListening = [
      options.devices.onRevoked((deviceNo) => this.#revoke(deviceNo)),
      options.devices.onCredentialsChanged((deviceNo) => this.#endLogins(deviceNo)),
    ];
  }

  async admit(
    token: string | undefined,
    imei?: string,
    certificate?: ClientCertificate,
  ): Promise<(transport: DeviceTransport) => DeviceSession> {
    this.#checkOpen();
    const identity = await this.#identify(token, certificate);
    this.#checkOpen();
    if (imei !== undefined && identity.device.imei !== imei)
      throw new CallerError('unauthorized', `the ${certificate ? 'certificate' : 'token'} is of another device`);
    return (transport) => this.#open(identity, transport);
  }

  async admitRequest(token: string | undefined, certificate?: ClientCertificate): Promise<TelemetryRequest> {
    const identity = await this.#identify(token, certificate);
    this.#chargeRequest(identity);
    return {
      handle: (body) => {
        if (body.kind === 'lines') return this.#handleBatch(identity, body);
        return handleTelemetry(this.ingest, identity.device, body, this.#options.clock);
      },
    };
  }

  /** What is refused costs nothing: it comes again. */
  #chargeRequest({ device }: DeviceIdentity): void {
    const nowMs = this.#options.clock.steady();
    const share = this.#shares.of(device, nowMs);
    if (share.mayTake(nowMs)) {
      share.take(0, nowMs);
      return;
    }
    this.#shares.throttles++;
    throw new OperationalError('overloaded', 'the device reports more than its share', { retryAfterSeconds: 1 });
  }

  /** The samples of a batch are in memory all at once, so only a few batches are. */
  async #handleBatch({ device }: DeviceIdentity, body: TelemetryBody & { readonly kind: 'lines' }): Promise<TelemetryAnswer> {
    if (this.#batchBytes + body.bytes > sessionLimits.batchBytesAtOnceMax)
      throw new OperationalError('overloaded', 'as many batches as may are taken in already', { retryAfterSeconds: 1 });
    this.#batchBytes += body.bytes;
    try {
      return await handleTelemetry(this.ingest, device, body, this.#options.clock);
    } finally {
      this.#batchBytes -= body.bytes;
    }
  }

  async authenticate(token: string | undefined): Promise<DeviceIdentity> {
    if (!token) throw new CallerError('unauthorized', 'expected the header Authorization: Bearer <token of a device>');
    return this.#options.devices.authenticate(token);
  }

  /** A certificate is enough by itself; one that does not count is refused even beside a token that would do. */
  async #identify(token: string | undefined, certificate: ClientCertificate | undefined): Promise<DeviceIdentity> {
    if (!certificate) return this.authenticate(token);
    const identity = this.#options.devices.authenticateCertificate(certificate);
    if (token === undefined) return identity;
    const { device, expiresAt } = await this.authenticate(token);
    if (device.deviceNo !== identity.device.deviceNo)
      throw new CallerError('forbidden', 'the token is of another device than the certificate');
    return { device, expiresAt: Math.min(expiresAt, identity.expiresAt) };
  }

  acksReady(session: SocketSession): void {
    this.#ready.push(session);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // After the whole commit has been told: one acknowledgement covers all of a connection's reports in it.
    queueMicrotask(() => this.#flush());
  }

  onWritable(callback: () => void): void {
    this.#options.log.onWritable(callback);
  }

  charge({ identity }: SocketSession, bytes: number): number {
    const nowMs = this.#options.clock.steady();
    const waitMs = this.#shares.of(identity.device, nowMs).take(bytes, nowMs);
    if (waitMs > 0) this.#shares.throttles++;
    return waitMs;
  }

  after(delayMs: number, callback: () => void): void {
    this.#options.clock.after(delayMs, callback);
  }

  busiest(): readonly BusyDevice[] {
    return this.#shares.busiest(this.#options.clock.steady());
  }

  throttles(): number {
    return this.#shares.throttles;
  }

  closed(session: SocketSession): void {
    const { deviceNo } = session.identity.device;
    const others = this.#sessions.get(deviceNo)?.filter((other) => other !== session) ?? [];
    this.#count--;
    if (others.length > 0) this.#sessions.set(deviceNo, others);
    else this.#sessions.delete(deviceNo);
  }

  logBug(error: unknown): void {
    this.#options.logger.error('handling a frame of a device failed', { error });
  }

  sweep(): void {
    const steadyMs = this.#options.clock.steady();
    if (steadyMs >= this.#pruneAtMs) {
      this.#pruneAtMs = steadyMs + sessionLimits.sharePruneMs;
      this.#shares.prune(steadyMs);
    }
    const now = this.#options.clock.now();
    for (const sessions of this.#sessions.values()) {
      for (const session of sessions) if (session.identity.expiresAt <= now) this.#expire(session);
    }
  }

  sessions(): number {
    return this.#count;
  }

  get isDraining(): boolean {
    return this.#drained !== undefined;
  }

  async drain(): Promise<void> {
    const waiting = shuffled([...this.#sessions.values()].flat(), this.#random);
    this.#drained = waiting.length;
    const lengthMs = drainMs(waiting.length);
    const atOnce = Math.ceil((waiting.length * sessionLimits.drainStepMs) / Math.max(lengthMs, sessionLimits.drainStepMs));
    for (let leftMs = lengthMs; waiting.length > 0; leftMs -= sessionLimits.drainStepMs) {
      for (const session of waiting.splice(0, atOnce)) session.leave(this.#comeBackSeconds(Math.max(0, leftMs)));
      await wait(sessionLimits.drainStepMs);
    }
  }

  close(): void {
    for (const stop of this.#stopListening) stop();
  }

  get #random(): () => number {
    return this.#options.random ?? Math.random;
  }

  #comeBackSeconds(leftMs: number): number {
    return comeBackSeconds(this.#drained ?? 0, leftMs, this.#random());
  }

  #checkOpen(): void {
    if (this.#drained !== undefined)
      throw new OperationalError('unavailable', 'the server stops', { retryAfterSeconds: this.#comeBackSeconds(0) });
  }

  #open(identity: DeviceIdentity, transport: DeviceTransport): SocketSession {
    const session = new SocketSession(this, identity, transport);
    const { deviceNo } = identity.device;
    const sessions = this.#sessions.get(deviceNo);
    this.#count++;
    if (!sessions) this.#sessions.set(deviceNo, [session]);
    else if (sessions.push(session) > sessionLimits.connectionsPerDeviceMax) {
      sessions[0]?.end(closeCodes.tooManyConnections, 'the device has newer connections');
    }
    this.ingest.noteConnection(identity.device, 'opened');
    // Between being let in and this moment the device may have been revoked, or given another secret.
    if (!this.#options.devices.isCurrent(identity)) queueMicrotask(() => this.#expire(session, credentialsChanged));
    return session;
  }

  #expire(session: SocketSession, why = 'the token has expired'): void {
    if (session.isOver) return;
    this.ingest.noteConnection(session.identity.device, 'tokenExpired');
    session.end(closeCodes.tokenExpired, why);
  }

  #revoke(deviceNo: number): void {
    for (const session of this.#sessions.get(deviceNo) ?? []) {
      if (session.isOver) continue;
      this.ingest.noteConnection(session.identity.device, 'revoked');
      session.end(closeCodes.revoked, 'the device was revoked');
    }
  }

  /** Whatever they logged in with: they come back with what counts now. */
  #endLogins(deviceNo: number): void {
    for (const session of this.#sessions.get(deviceNo) ?? []) this.#expire(session, credentialsChanged);
  }

  #flush(): void {
    const { clock } = this.#options;
    const now = clock.steady();
    const serverTime = new Date(clock.now()).toISOString();
    const ready = this.#ready;
    this.#ready = [];
    for (const session of ready) {
      if (now - session.lastAckAt < sessionLimits.ackSpacingMs) this.#ready.push(session);
      else {
        session.lastAckAt = now;
        session.flushAcks(serverTime);
      }
    }
    this.#isFlushing = this.#ready.length > 0;
    if (this.#isFlushing) clock.after(sessionLimits.ackSpacingMs / 2, () => this.#flush());
  }
}

export const openGate = (options: GateOptions): Gate => new SessionGate(options);
