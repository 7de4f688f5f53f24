import { closeCodes } from '@milepost/contract';
import type { DeviceIdentity } from '../devices/index.ts';
import type { AppendListener } from '../eventlog/index.ts';
import { CallerError, MilepostError, OperationalError } from '../kernel/index.ts';
import {
  type DeviceSession,
  type DeviceTransport,
  BinaryReport,
  type JsonValue,
  readDeviceFrame,
  readDeviceMessage,
  readJson,
  writeAck,
  writeError,
  writeTokenRenewed,
  writeVerdict,
} from '../protocols/index.ts';
import { readSequence } from './read-sequence.ts';
import { refusalError } from './refusal-error.ts';
import { ScannedReport } from './scanned-report.ts';
import { sessionLimits } from './session-limits.ts';
import type { Ingest, Report, ReportSequence } from './types.ts';

/** What a session needs of the gate that made it. */
export interface SessionHost {
  readonly ingest: Ingest;
  authenticate(token: string): Promise<DeviceIdentity>;
  /** The session has something to acknowledge; `flushAcks` is called soon. */
  acksReady(session: SocketSession): void;
  /** Calls back when the log takes reports again. */
  onWritable(callback: () => void): void;
  /** A report of so many bytes came; answers for how many ms the device should not be read, 0: go on. */
  charge(session: SocketSession, bytes: number): number;
  /** Calls back once after a delay. */
  after(delayMs: number, callback: () => void): void;
  closed(session: SocketSession): void;
  logBug(error: unknown): void;
}

/** A class, not a literal: V8 may give the literals of one place to the old generation, where each would wait for a collection of the whole heap. */
class PendingReport {
  /** Undefined: a message that is no report with boot and seq, and is not acknowledged by them. */
  readonly sequence: ReportSequence | undefined;
  isDone: boolean;
  /** To be sent before the acknowledgement: what was rejected or adjusted. */
  readonly message: string | undefined;

  constructor(sequence: ReportSequence | undefined, isDone: boolean, message: string | undefined) {
    this.sequence = sequence;
    this.isDone = isDone;
    this.message = message;
  }
}

/** One device on one socket: reports in, cumulative acknowledgements out, in the order of the reports. */
export class SocketSession implements DeviceSession, AppendListener {
  readonly #host: SessionHost;
  readonly #transport: DeviceTransport;
  identity: DeviceIdentity;
  lastAckAt = 0;
  readonly #pending: PendingReport[] = [];
  /** Token of the first entry of `#pending`. */
  #firstToken = 0;
  #acked: ReportSequence | undefined;
  #isReady = false;
  /** What came while the log took nothing, in order; each answers false when it still takes nothing. */
  #held: (() => boolean)[] = [];
  #isPaused = false;
  /** It reports more than its share: not read for a moment. */
  #isThrottled = false;
  #isOver = false;
  #saidGoodbye = false;
  /** Seconds after which the device shall come back: it is let go as soon as what it sent is settled. */
  #comeBackSeconds: number | undefined;
  #unreadable = 0;

  constructor(host: SessionHost, identity: DeviceIdentity, transport: DeviceTransport) {
    this.#host = host;
    this.identity = identity;
    this.#transport = transport;
  }

  /** It was ended: the socket is closing. */
  get isOver(): boolean {
    return this.#isOver;
  }

  received(text: Uint8Array): void {
    if (this.#isOver) return;
    this.#charge(text.length);
    try {
      const report = this.#host.ingest.scan(text, false);
      if (report) this.#takeReadable(report);
      else this.#handle(readJson(text));
    } catch (error) {
      this.#host.logBug(error);
      this.end(1011, 'an error of ours');
    }
  }

  receivedFrame(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#charge(bytes.length);
    try {
      this.#takeReadable(readDeviceFrame(bytes));
    } catch (error) {
      if (error instanceof CallerError) {
        this.#refuseUnreadable(error);
        return;
      }
      this.#host.logBug(error);
      this.end(1011, 'an error of ours');
    }
  }

  saidGoodbye(): void {
    if (this.#isOver) return;
    this.#saidGoodbye = true;
    this.#host.ingest.noteConnection(this.identity.device, 'goodbye');
  }

  closed(): void {
    if (!this.#saidGoodbye && !this.#isOver) this.#host.ingest.noteConnection(this.identity.device, 'closed');
    this.#isOver = true;
    this.#held = [];
    this.#host.closed(this);
  }

  /** Closes the socket: nothing that comes after is read. */
  end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // What it answers to the closing must be heard.
    if (this.#isPaused) this.#transport.resume();
    this.#transport.close(code, reason);
  }

  /** Asks the device to come back later. What it has sent is stored and acknowledged first, unless the log takes nothing. */
  leave(comeBackSeconds: number): void {
    if (this.#isOver || this.#comeBackSeconds !== undefined) return;
    this.#comeBackSeconds = comeBackSeconds;
    if (this.#pending.length === 0 || this.#held.length > 0) this.#leaveNow();
    else this.#pause();
  }

  appended(token: number): void {
    const report = this.#pending[token - this.#firstToken];
    if (!report) return;
    report.isDone = true;
    this.#advance();
  }

  appendFailed(_token: number, error: Error): void {
    if (this.#isOver) return;
    const failure = new OperationalError('unavailable', 'reports cannot be stored', { retryAfterSeconds: 30, cause: error });
    this.#transport.send(writeError(failure));
    this.end(closeCodes.tryAgainLater, 'reports cannot be stored');
  }

  /** Sends what was acknowledged since the last call. */
  flushAcks(serverTime: string): void {
    const acked = this.#acked;
    this.#acked = undefined;
    this.#isReady = false;
    if (acked && !this.#isOver) this.#transport.send(writeAck(acked.boot, acked.seq, serverTime));
    if (this.#comeBackSeconds !== undefined && this.#pending.length === 0) this.#leaveNow();
  }

  #leaveNow(): void {
    if (this.#isOver) return;
    const retryAfterSeconds = this.#comeBackSeconds ?? 0;
    this.#transport.send(writeError(new OperationalError('unavailable', 'the server stops', { retryAfterSeconds })));
    this.end(closeCodes.goingAway, `the server stops: come back in ${retryAfterSeconds} s`);
  }

  #handle(message: JsonValue | undefined): void {
    const read = readDeviceMessage(message);
    if (read.kind === 'unreadable') {
      this.#refuseUnreadable(new CallerError('bad_request', 'the frame is not a JSON object'));
      return;
    }
    if (read.kind === 'report') {
      this.#takeReadable(read.report);
      return;
    }
    this.#unreadable = 0;
    if (read.kind === 'renew') this.#renew(read.token);
    else this.saidGoodbye();
    this.#inOrder(() => this.#settle(undefined, undefined, true));
  }

  #refuseUnreadable(error: CallerError): void {
    this.#inOrder(() => this.#settle(undefined, writeError(error), true));
    if (++this.#unreadable >= sessionLimits.unreadableFramesMax) this.end(closeCodes.unreadable, 'too many unreadable frames');
  }

  #takeReadable(report: Report): void {
    this.#unreadable = 0;
    if (this.#held.length > 0) this.#hold(report);
    else this.#submit(report);
  }

  /** Messages are settled in the order in which they came, also when reports before them wait. */
  #inOrder(settle: () => void): void {
    if (this.#held.length === 0) settle();
    else
      this.#held.push(() => {
        settle();
        return true;
      });
  }

  /** Answers false when the log takes nothing for the moment. */
  #submit(report: Report): boolean {
    let sequence: ReportSequence | undefined;
    try {
      sequence = readSequence(report);
      if (!sequence)
        throw new CallerError('invalid_field', 'boot and seq are missing, expected both on a socket', { field: 'seq' });
      return this.#submitSequenced(report, sequence);
    } catch (error) {
      if (!(error instanceof MilepostError) || error.code === 'internal') throw error;
      // It will never be stored, however often it comes: acknowledged with the reason, so that the device lets go of it.
      this.#settle(sequence, writeError(error, sequence), true);
      return true;
    }
  }

  #submitSequenced(report: Report, sequence: ReportSequence): boolean {
    const token = this.#firstToken + this.#pending.length;
    const submission = this.#host.ingest.submit(this.identity.device, report, this, token);
    if (submission.refused) {
      this.#refused(report, submission.refused);
      return false;
    }
    const { verdict } = submission;
    const isFlawed = verdict.rejected.length > 0 || verdict.adjusted.length > 0;
    this.#settle(sequence, isFlawed ? writeVerdict(sequence.boot, sequence.seq, verdict) : undefined, !verdict.isPending);
    return true;
  }

  #settle(sequence: ReportSequence | undefined, message: string | undefined, isDone: boolean): void {
    this.#pending.push(new PendingReport(sequence, isDone, message));
    if (isDone) this.#advance();
    if (this.#pending.length >= sessionLimits.reportsInFlightMax) this.#pause();
  }

  #refused(report: Report, refusal: Parameters<typeof refusalError>[0]): void {
    if (refusal === 'queue_full') {
      this.#hold(report);
      return;
    }
    this.#transport.send(writeError(refusalError(refusal)));
    this.end(closeCodes.tryAgainLater, refusal);
  }

  #hold(report: Report): void {
    // What lies in the memory of the socket would keep all of that alive.
    const kept = report instanceof BinaryReport || report instanceof ScannedReport ? report.copy() : report;
    if (this.#held.push(() => this.#submit(kept)) > sessionLimits.reportsHeldMax) {
      this.#transport.send(writeError(refusalError('queue_full')));
      this.end(closeCodes.tryAgainLater, 'too many reports are held');
    } else if (this.#held.length === 1) {
      this.#pause();
      this.#host.onWritable(() => this.#submitHeld());
    }
  }

  #submitHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (let i = 0; i < held.length && !this.#isOver; i++) {
      if (held[i]?.()) continue;
      // `#submit` has put this one back as the first; the rest follows it.
      this.#held.push(...held.slice(i + 1));
      return;
    }
    this.#resumeIfLight();
  }

  /** Lets go of the reports at the front that are durable, and remembers the last one for the acknowledgement. */
  #advance(): void {
    let done = 0;
    for (; done < this.#pending.length; done++) {
      const report = this.#pending[done] as PendingReport;
      if (!report.isDone) break;
      if (report.message && !this.#isOver) this.#transport.send(report.message);
      if (report.sequence) this.#acked = report.sequence;
      if (!this.#isOver) this.#transport.settled?.();
    }
    if (done === 0) return;
    // The same list for ever: one that is replaced with each report outlives the young generation, and all that it held with it.
    if (done === 1) this.#pending.shift();
    else this.#pending.splice(0, done);
    this.#firstToken += done;
    if (!this.#isReady && this.#acked) {
      this.#isReady = true;
      this.#host.acksReady(this);
    } else if (this.#comeBackSeconds !== undefined && this.#pending.length === 0 && !this.#isReady) this.#leaveNow();
    this.#resumeIfLight();
  }

  #charge(bytes: number): void {
    const waitMs = this.#host.charge(this, bytes);
    if (waitMs === 0 || this.#isThrottled) return;
    this.#isThrottled = true;
    this.#pause();
    this.#host.after(waitMs, () => {
      this.#isThrottled = false;
      this.#resumeIfLight();
    });
  }

  #pause(): void {
    if (this.#isPaused || this.#isOver) return;
    this.#isPaused = true;
    this.#transport.pause();
  }

  #resumeIfLight(): void {
    if (!this.#isPaused || this.#isOver || this.#isThrottled || this.#held.length > 0) return;
    if (this.#comeBackSeconds !== undefined) return;
    if (this.#pending.length > sessionLimits.reportsInFlightMax / 2) return;
    this.#isPaused = false;
    this.#transport.resume();
  }

  #renew(token: string): void {
    this.#host.authenticate(token).then(
      (identity) => {
        if (this.#isOver) return;
        if (identity.device.deviceNo !== this.identity.device.deviceNo) {
          this.#transport.send(writeError(new CallerError('forbidden', 'the token is of another device')));
          return;
        }
        this.identity = identity;
        this.#transport.send(writeTokenRenewed(identity.expiresAt));
      },
      (error: unknown) => {
        if (this.#isOver) return;
        if (error instanceof MilepostError) this.#transport.send(writeError(error));
        else this.#host.logBug(error);
      },
    );
  }
}
