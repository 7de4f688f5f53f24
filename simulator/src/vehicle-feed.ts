import { DeviceClient, type DeviceClientOptions, type Sample } from '@milepost/sdk';
import { simulatorLimits } from './limits.ts';
import type { Replay } from './model.ts';

interface InFlight {
  readonly seq: number;
  /** First second that the report covers. */
  readonly fromMs: number;
}

interface LateInFlight {
  readonly seq: number;
  readonly stored: () => void;
}

export interface FeedOptions {
  /** Where it begins. */
  readonly fromMs: number;
  readonly now: () => number;
  /** Without a network at that moment: it sends later what it says now. */
  readonly isCutOff?: (nowMs: number) => boolean;
  /** It says nothing of now. */
  readonly isSilent?: boolean;
}

/**
 * Sends what one vehicle says, from a moment in the past up to now. It holds no more than a few reports: what is further behind is
 * made when there is room, so an outage of the server costs no memory.
 */
export class VehicleFeed {
  readonly client: DeviceClient;
  readonly #replay: Replay;
  readonly #now: () => number;
  readonly #isCutOff: (nowMs: number) => boolean;
  readonly isSilent: boolean;
  #late: LateInFlight[] = [];
  #cursorMs: number;
  #inFlight: InFlight[] = [];
  #isLive = false;
  #acks = 0;

  constructor(
    options: Omit<DeviceClientOptions, 'onAck'>,
    replay: Replay,
    { fromMs, now, isCutOff, isSilent = false }: FeedOptions,
  ) {
    this.#replay = replay;
    this.#now = now;
    this.#isCutOff = isCutOff ?? (() => false);
    this.isSilent = isSilent;
    this.#cursorMs = Math.ceil(fromMs / 1000) * 1000;
    this.client = new DeviceClient({ ...options, onAck: (seq) => this.#acknowledged(seq) });
  }

  /** It has caught up with the clock, and the server has acknowledged something. */
  get isLive(): boolean {
    return this.#isLive && this.#acks > 0;
  }

  /** Everything before was acknowledged. */
  get sentUntilMs(): number {
    return this.#inFlight[0]?.fromMs ?? this.#cursorMs;
  }

  /** Sends what is due by now, as far as the reports in flight allow. */
  advance(): void {
    const nowMs = this.#now();
    if (this.isSilent || (this.#isLive && this.#isCutOff(nowMs))) return;
    this.#cursorMs = Math.max(this.#cursorMs, Math.ceil((nowMs - simulatorLimits.lagMaxMs) / 1000) * 1000);
    while (this.#hasRoom() && this.#cursorMs <= nowMs) {
      const fromMs = this.#cursorMs;
      const samples = nowMs - fromMs > simulatorLimits.liveLagMs ? this.#gather(nowMs) : this.#sayNext();
      if (samples) this.#send(samples, fromMs);
    }
  }

  /**
   * Sends samples that its tracker stored long ago, beside what it says now. False: not now.
   *
   * @param stored is called when the server has acknowledged them
   */
  sendLate(samples: readonly Sample[], stored: () => void): boolean {
    if (!this.#hasRoom() || this.#isCutOff(this.#now())) return false;
    const sent = this.client.send(samples);
    if (sent.ok) this.#late.push({ seq: sent.report.seq, stored });
    return sent.ok;
  }

  #hasRoom(): boolean {
    return this.client.state === 'open' && this.client.unacknowledged < simulatorLimits.reportsInFlightMax;
  }

  #send(samples: readonly Sample[], fromMs: number): void {
    const sent = this.client.send(samples);
    if (sent.ok) this.#inFlight.push({ seq: sent.report.seq, fromMs });
    else this.#cursorMs = fromMs;
  }

  /** The next second; the first one that is live is a heartbeat at least, so that the vehicle is seen at once. */
  #sayNext(): readonly Sample[] | undefined {
    const time = this.#cursorMs;
    this.#cursorMs += 1000;
    const moment = this.#replay(time) ?? (this.#isLive ? undefined : 'heartbeat');
    this.#isLive = true;
    if (moment === undefined) return undefined;
    return moment === 'heartbeat' ? [] : [{ time, signals: moment }];
  }

  /** Samples of the past, up to a full report. Heartbeats have no time of their own: late ones say nothing. */
  #gather(nowMs: number): readonly Sample[] | undefined {
    const samples: Sample[] = [];
    while (samples.length < simulatorLimits.samplesPerReportMax && this.#cursorMs < nowMs - simulatorLimits.liveLagMs) {
      const moment = this.#replay(this.#cursorMs);
      if (typeof moment === 'object') samples.push({ time: this.#cursorMs, signals: moment });
      this.#cursorMs += 1000;
    }
    return samples.length > 0 ? samples : undefined;
  }

  #acknowledged(seq: number): void {
    this.#acks++;
    this.#inFlight = this.#inFlight.filter((report) => report.seq > seq);
    const stored = this.#late.filter((report) => report.seq <= seq);
    this.#late = this.#late.filter((report) => report.seq > seq);
    for (const report of stored) report.stored();
    this.advance();
  }
}
