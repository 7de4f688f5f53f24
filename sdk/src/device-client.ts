import type { Vocabulary } from '@milepost/contract';
import { ApiError } from './api-error.ts';
import { backoffMs } from './backoff.ts';
import { type ClientClock, systemClientClock } from './clock.ts';
import { connectHttp } from './connect-http.ts';
import { connectMqtt } from './connect-mqtt.ts';
import { connectWebSocket } from './connect-websocket.ts';
import type { Connect, Connection, Ending } from './connection.ts';
import { type DeviceAddress, fetchDeviceSecret, logDeviceIn } from './device-logins.ts';
import type { DeviceProblem, ReportVerdict, ServerMessage } from './device-messages.ts';
import { type Form, reportEncoder, type Sample } from './encode-report.ts';
import { clientLimits } from './limits.ts';
import { type AddResult, ReportBuffer } from './report-buffer.ts';
import { ReportFile } from './report-file.ts';
import type { TlsCredentials } from './send-request.ts';

export const ways = { websocket: connectWebSocket, http: connectHttp, mqtt: connectMqtt } as const satisfies Readonly<
  Record<string, Connect>
>;
export type Way = keyof typeof ways;

export type DeviceClientState = 'idle' | 'connecting' | 'open' | 'waiting' | 'stopped';

export interface DeviceClientOptions {
  /** Origin of the server, like `http://127.0.0.1:8080`. */
  readonly server: string;
  readonly imei: string;
  /** Not needed by who has a certificate. `DeviceClient.fetchSecret` gets it in an enrolment window. */
  readonly secret?: string;
  /**
   * For a server with TLS: the device's own certificate and key, which let it in by themselves, and the CA of the server's. `server` is
   * then an https address, `mqttServer` an mqtts one.
   */
  readonly tls?: TlsCredentials;
  /** What carries the reports; WebSocket when it is not given. */
  readonly way?: Way;
  /** For MQTT, like `mqtt://127.0.0.1:1883`; the login goes to `server` all the same. */
  readonly mqttServer?: string;
  /** JSON when it is not given. */
  readonly form?: Form;
  /** For the binary form: signals beyond the core table. */
  readonly vocabulary?: Vocabulary;
  /** Where reports are kept until they are acknowledged, over restarts of the device. In memory when it is not given. One client a folder. */
  readonly folder?: string;
  /** Grows with each start of the device, 0 … 2^32 - 1. When it is not given: one more than the last in the folder, or the clock's second. */
  readonly boot?: number;
  readonly reportsBufferedMax?: number;
  readonly clock?: ClientClock;
  /** 0 ≤ answer < 1 */
  readonly random?: () => number;
  /** Everything up to `seq` is stored, or never will be: of that `onVerdict` or `onProblem` told before. */
  readonly onAck?: (seq: number) => void;
  readonly onVerdict?: (verdict: ReportVerdict) => void;
  readonly onProblem?: (problem: DeviceProblem, seq: number | undefined) => void;
  /** `why` says what led to `waiting` or `stopped`. */
  readonly onState?: (state: DeviceClientState, why: string) => void;
}

/** Credentials that would not be used, or none at all, are a mistake. */
const checkOptions = ({ secret, tls, server, mqttServer, way }: DeviceClientOptions): void => {
  if (secret === undefined && tls?.cert === undefined) throw new RangeError('expected a secret, or tls with a certificate');
  if (!tls) return;
  const [name, address, scheme] = way === 'mqtt' ? ['mqttServer', mqttServer, 'mqtts:'] : ['server', server, 'https:'];
  if (!address?.startsWith(scheme)) throw new RangeError(`${name} is ${address}, expected an address with ${scheme} beside tls`);
};

export type SendResult = AddResult | { readonly ok: false; readonly reason: 'stopped' };

/**
 * A device that reports to Milepost, over WebSocket, HTTP or MQTT, as JSON or in the binary form. A report is kept until the server has
 * acknowledged it and is sent again, in order and under the same boot and seq, after each connection that was lost.
 */
export class DeviceClient {
  readonly #options: DeviceClientOptions;
  readonly #clock: ClientClock;
  readonly #random: () => number;
  readonly #buffer: ReportBuffer;
  #state: DeviceClientState = 'idle';
  #connection: Connection | undefined;
  #token: { readonly text: string; readonly renewAtMs: number } | undefined;
  #failures = 0;
  #retryAfterMs = 0;
  #heardAtMs = 0;
  #cancelRetry: () => void = () => {};
  #cancelRenewal: () => void = () => {};
  #cancelWatch: () => void = () => {};

  constructor(options: DeviceClientOptions) {
    checkOptions(options);
    this.#options = options;
    this.#clock = options.clock ?? systemClientClock;
    this.#random = options.random ?? Math.random;
    const { folder, form = 'json', vocabulary, reportsBufferedMax: reportsMax } = options;
    const file = folder === undefined ? undefined : new ReportFile(folder, this.#clock);
    this.#buffer = new ReportBuffer({
      boot: options.boot ?? file?.boot ?? Math.floor(this.#clock.now() / 1000),
      encode: reportEncoder(form, vocabulary),
      ...(reportsMax === undefined ? {} : { reportsMax }),
      ...(file === undefined ? {} : { file }),
    });
  }

  /** The secret of a device, once while its enrolment window is open. Keep it: nothing shows it again. Throws ApiError. */
  static fetchSecret(device: DeviceAddress): Promise<string> {
    return fetchDeviceSecret(device);
  }

  get state(): DeviceClientState {
    return this.#state;
  }

  /** Reports that the server has not acknowledged. */
  get unacknowledged(): number {
    return this.#buffer.size;
  }

  start(): void {
    if (this.#state === 'idle') void this.#connect();
  }

  /** Sends a report, or keeps it until there is a connection. An empty list is a heartbeat. Refuses when the buffer is full. */
  send(samples: readonly Sample[]): SendResult {
    if (this.#state === 'stopped') return { ok: false, reason: 'stopped' };
    const added = this.#buffer.add(samples);
    if (added.ok && this.#state === 'open') {
      if (this.#buffer.size === 1) this.#heardAtMs = this.#clock.now();
      this.#connection?.send(added.report);
    }
    return added;
  }

  /** Says goodbye, closes and ends for good. Answers how many reports were not acknowledged; those in a folder come with the next start. */
  async goodbye(): Promise<number> {
    const connection = this.#connection;
    this.#stop('goodbye');
    if (connection) await this.#closePolitely(connection);
    this.#buffer.close();
    return this.#buffer.size;
  }

  #closePolitely(connection: Connection): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(clientLimits.goodbyeTimeoutMs, () => connection.terminate());
      void connection.goodbye().then(() => {
        cancel();
        resolve();
      });
    });
  }

  #setState(state: DeviceClientState, why: string): void {
    this.#state = state;
    this.#options.onState?.(state, why);
  }

  #stop(why: string): void {
    this.#cancelRetry();
    this.#cancelRenewal();
    this.#cancelWatch();
    this.#connection = undefined;
    if (this.#state !== 'stopped') this.#setState('stopped', why);
  }

  async #connect(): Promise<void> {
    this.#setState('connecting', '');
    try {
      const token = await this.#login();
      if (this.#state === 'connecting') this.#open(token);
    } catch (error) {
      if (this.#state === 'connecting') this.#loginFailed(error);
    }
  }

  /** Undefined: the certificate says who it is. */
  async #login(): Promise<string | undefined> {
    const { secret } = this.#options;
    if (secret === undefined) return undefined;
    return (this.#token ?? (await this.#logIn(secret))).text;
  }

  async #logIn(secret: string): Promise<{ readonly text: string; readonly renewAtMs: number }> {
    const answer = await logDeviceIn(this.#options, secret, this.#clock.now());
    // Counted from the server's own time: the device's clock may be wrong.
    const lifeMs = Math.max(0, Date.parse(answer.expiresAt) - Date.parse(answer.serverTime));
    this.#token = { text: answer.token, renewAtMs: this.#clock.now() + lifeMs * clientLimits.renewAfterPart };
    return this.#token;
  }

  #loginFailed(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    // A wrong secret or a revoked device stays so: asking again would only be counted as an attack.
    if (error instanceof ApiError && (error.status === 401 || error.status === 400)) this.#stop(why);
    else this.#retryLater(why, error instanceof ApiError ? error.retryAfterMs : 0);
  }

  #retryLater(why: string, retryAfterMs = 0): void {
    this.#connection = undefined;
    this.#cancelRenewal();
    this.#cancelWatch();
    this.#failures++;
    const waitMs = backoffMs(this.#failures, this.#random(), Math.max(retryAfterMs, this.#retryAfterMs));
    this.#retryAfterMs = 0;
    this.#setState('waiting', why);
    this.#cancelRetry = this.#clock.after(waitMs, () => void this.#connect());
  }

  #open(token: string | undefined): void {
    const isOurs = (): boolean => this.#connection === connection;
    const connection: Connection = ways[this.#options.way ?? 'websocket']({
      server: this.#options.server,
      mqttServer: this.#options.mqttServer,
      imei: this.#options.imei,
      token,
      tls: this.#options.tls,
      now: () => this.#clock.now(),
      listener: {
        opened: () => isOurs() && this.#opened(connection),
        heard: (message) => isOurs() && this.#heard(message),
        ended: (ending) => isOurs() && this.#ended(ending),
      },
    });
    this.#connection = connection;
  }

  #opened(connection: Connection): void {
    this.#setState('open', '');
    this.#heardAtMs = this.#clock.now();
    for (const report of this.#buffer.all()) connection.send(report);
    this.#renewLater();
    this.#watchLater(connection);
  }

  /** A connection can die without a word (a network that changed): then nothing is acknowledged any more. */
  #watchLater(connection: Connection): void {
    this.#cancelWatch = this.#clock.after(clientLimits.ackTimeoutMs / 2, () => {
      const isDead = this.#buffer.size > 0 && this.#clock.now() - this.#heardAtMs > clientLimits.ackTimeoutMs;
      if (isDead) connection.terminate();
      else this.#watchLater(connection);
    });
  }

  #renewLater(): void {
    if (!this.#token) return;
    const waitMs = Math.max(1000, this.#token.renewAtMs - this.#clock.now());
    this.#cancelRenewal = this.#clock.after(Math.min(waitMs, clientLimits.timerMaxMs), () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const { secret } = this.#options;
    if (this.#state !== 'open' || secret === undefined) return;
    if (this.#token && this.#clock.now() < this.#token.renewAtMs) {
      this.#renewLater();
      return;
    }
    try {
      const token = await this.#logIn(secret);
      if (this.#state !== 'open') return;
      this.#connection?.renew(token.text);
      this.#renewLater();
    } catch (error) {
      // The old token still holds for a fifth of its life; the server closes with 4401 after that.
      const waitMs = backoffMs(8, this.#random(), error instanceof ApiError ? error.retryAfterMs : 0);
      if (this.#state === 'open') this.#cancelRenewal = this.#clock.after(waitMs, () => void this.#renew());
    }
  }

  #heard(message: ServerMessage): void {
    this.#heardAtMs = this.#clock.now();
    if (message.kind === 'ack') {
      this.#failures = 0;
      if (this.#buffer.acknowledge(message.boot, message.ack) > 0) this.#options.onAck?.(message.ack);
    } else if (message.kind === 'verdict') this.#options.onVerdict?.(message.verdict);
    else if (message.kind === 'error') {
      this.#retryAfterMs = (message.problem.retryAfterSeconds ?? 0) * 1000;
      this.#options.onProblem?.(message.problem, message.seq);
    }
  }

  #ended({ why, isFinal = false, isTokenOver = false, retryAfterMs = 0 }: Ending): void {
    if (isFinal) {
      this.#stop(why);
      return;
    }
    if (isTokenOver) this.#token = undefined;
    this.#retryLater(why, retryAfterMs);
  }
}
