import { closeCodes } from '@milepost/contract';
import type { DeviceToken } from '@milepost/contract/api';
import { WebSocket } from 'ws';
import { ApiError, readAnswer } from './api-error.ts';
import { backoffMs, readRetryAfterMs } from './backoff.ts';
import { type ClientClock, systemClientClock } from './clock.ts';
import { type DeviceProblem, type ReportVerdict, readServerMessage } from './device-messages.ts';
import { clientLimits } from './limits.ts';
import { type AddResult, ReportBuffer, type Sample } from './report-buffer.ts';

export type DeviceClientState = 'idle' | 'connecting' | 'open' | 'waiting' | 'stopped';

export interface DeviceClientOptions {
  /** Origin of the server, like `http://127.0.0.1:8080`. */
  readonly server: string;
  readonly imei: string;
  readonly secret: string;
  /** Grows with each start of the device, 0 … 2^32 - 1. The clock's second when it is not given. */
  readonly boot?: number;
  readonly reportsBufferedMax?: number;
  readonly clock?: ClientClock;
  /** 0 ≤ answer < 1 */
  readonly random?: () => number;
  /** Everything up to `seq` is stored. */
  readonly onAck?: (seq: number) => void;
  readonly onVerdict?: (verdict: ReportVerdict) => void;
  readonly onProblem?: (problem: DeviceProblem, seq: number | undefined) => void;
  /** `why` says what led to `waiting` or `stopped`. */
  readonly onState?: (state: DeviceClientState, why: string) => void;
}

export type SendResult = AddResult | { readonly ok: false; readonly reason: 'stopped' };

/**
 * A device that reports to Milepost: JSON over one WebSocket. A report is kept until the server has acknowledged it and is
 * sent again, in order and under the same seq, after each connection that was lost.
 */
export class DeviceClient {
  readonly #options: DeviceClientOptions;
  readonly #clock: ClientClock;
  readonly #random: () => number;
  readonly #buffer: ReportBuffer;
  #state: DeviceClientState = 'idle';
  #socket: WebSocket | undefined;
  #token: { readonly text: string; readonly renewAtMs: number } | undefined;
  #failures = 0;
  #retryAfterMs = 0;
  #heardAtMs = 0;
  #cancelRetry: () => void = () => {};
  #cancelRenewal: () => void = () => {};
  #cancelWatch: () => void = () => {};

  constructor(options: DeviceClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClientClock;
    this.#random = options.random ?? Math.random;
    const boot = options.boot ?? Math.floor(this.#clock.now() / 1000);
    this.#buffer = new ReportBuffer(boot, options.reportsBufferedMax);
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
      this.#socket?.send(added.report.text);
      if (this.#buffer.size === 1) this.#heardAtMs = this.#clock.now();
    }
    return added;
  }

  /** Says goodbye, closes and ends for good. Answers how many reports were not acknowledged. */
  async goodbye(): Promise<number> {
    const socket = this.#socket;
    const wasOpen = this.#state === 'open';
    this.#stop('goodbye');
    if (socket && wasOpen) await this.#closePolitely(socket);
    else socket?.terminate();
    return this.#buffer.size;
  }

  #closePolitely(socket: WebSocket): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(clientLimits.goodbyeTimeoutMs, () => socket.terminate());
      socket.once('close', () => {
        cancel();
        resolve();
      });
      socket.send('{"goodbye":true}');
      socket.close(1000);
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
    this.#socket = undefined;
    if (this.#state !== 'stopped') this.#setState('stopped', why);
  }

  async #connect(): Promise<void> {
    this.#setState('connecting', '');
    try {
      const token = this.#token ?? (await this.#logIn());
      if (this.#state === 'connecting') this.#open(token.text);
    } catch (error) {
      if (this.#state === 'connecting') this.#loginFailed(error);
    }
  }

  async #logIn(): Promise<{ readonly text: string; readonly renewAtMs: number }> {
    const response = await fetch(new URL('/v1/devices/login', this.#options.server), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ imei: this.#options.imei, secret: this.#options.secret }),
      signal: AbortSignal.timeout(clientLimits.requestTimeoutMs),
    });
    const answer = (await readAnswer(response, this.#clock.now())) as DeviceToken;
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
    this.#socket = undefined;
    this.#cancelRenewal();
    this.#cancelWatch();
    this.#failures++;
    const waitMs = backoffMs(this.#failures, this.#random(), Math.max(retryAfterMs, this.#retryAfterMs));
    this.#retryAfterMs = 0;
    this.#setState('waiting', why);
    this.#cancelRetry = this.#clock.after(waitMs, () => void this.#connect());
  }

  #open(token: string): void {
    const url = new URL('/v1/devices/stream', this.#options.server);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      handshakeTimeout: clientLimits.handshakeTimeoutMs,
    });
    this.#socket = socket;
    let failure = '';
    const isOurs = () => this.#socket === socket;
    socket.on('open', () => isOurs() && this.#opened(socket));
    socket.on('message', (data) => isOurs() && this.#received((data as Buffer).toString('utf8')));
    socket.on('error', (error) => {
      failure = error.message;
    });
    socket.on('unexpected-response', (request, response) => {
      response.resume();
      request.destroy();
      if (!isOurs()) return;
      if (response.statusCode === 401) this.#token = undefined;
      const retryAfterMs = readRetryAfterMs(response.headers['retry-after'], this.#clock.now());
      this.#retryLater(`the server answered ${response.statusCode}`, retryAfterMs);
    });
    socket.on('close', (code) => isOurs() && this.#closed(code, failure));
  }

  #opened(socket: WebSocket): void {
    this.#setState('open', '');
    this.#heardAtMs = this.#clock.now();
    for (const report of this.#buffer.all()) socket.send(report.text);
    this.#renewLater();
    this.#watchLater(socket);
  }

  /** A connection can die without a word (a network that changed): then nothing is acknowledged any more. */
  #watchLater(socket: WebSocket): void {
    this.#cancelWatch = this.#clock.after(clientLimits.ackTimeoutMs / 2, () => {
      const isDead = this.#buffer.size > 0 && this.#clock.now() - this.#heardAtMs > clientLimits.ackTimeoutMs;
      if (isDead) socket.terminate();
      else this.#watchLater(socket);
    });
  }

  #renewLater(): void {
    const waitMs = Math.max(1000, (this.#token?.renewAtMs ?? 0) - this.#clock.now());
    this.#cancelRenewal = this.#clock.after(Math.min(waitMs, clientLimits.timerMaxMs), () => void this.#renew());
  }

  async #renew(): Promise<void> {
    if (this.#state !== 'open') return;
    if (this.#token && this.#clock.now() < this.#token.renewAtMs) {
      this.#renewLater();
      return;
    }
    try {
      const token = await this.#logIn();
      if (this.#state !== 'open') return;
      this.#socket?.send(JSON.stringify({ token: token.text }));
      this.#renewLater();
    } catch (error) {
      // The old token still holds for a fifth of its life; the server closes with 4401 after that.
      const waitMs = backoffMs(8, this.#random(), error instanceof ApiError ? error.retryAfterMs : 0);
      if (this.#state === 'open') this.#cancelRenewal = this.#clock.after(waitMs, () => void this.#renew());
    }
  }

  #received(text: string): void {
    this.#heardAtMs = this.#clock.now();
    const message = readServerMessage(text);
    if (message.kind === 'ack') {
      this.#failures = 0;
      if (this.#buffer.acknowledge(message.boot, message.ack) > 0) this.#options.onAck?.(message.ack);
    } else if (message.kind === 'verdict') this.#options.onVerdict?.(message.verdict);
    else if (message.kind === 'error') {
      this.#retryAfterMs = (message.problem.retryAfterSeconds ?? 0) * 1000;
      this.#options.onProblem?.(message.problem, message.seq);
    }
  }

  #closed(code: number, failure: string): void {
    if (code === closeCodes.revoked) {
      this.#stop('the device was revoked');
      return;
    }
    if (code === closeCodes.tokenExpired) this.#token = undefined;
    this.#retryLater(failure || `the connection was closed (${code})`);
  }
}
