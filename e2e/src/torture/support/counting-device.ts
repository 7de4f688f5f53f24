import { DeviceClient, type DeviceClientOptions } from '@milepost/sdk';

const inFlightDefault = 8;
const speedsThere = 400;

export interface CountingDeviceOptions extends Omit<DeviceClientOptions, 'onAck' | 'onVerdict' | 'onProblem'> {
  readonly vehicleId: string;
  /** Sample number n has the time `startMs` + n · `stepMs`. */
  readonly startMs: number;
  readonly stepMs?: number;
  /** Reports on their way at once. */
  readonly inFlight?: number;
}

/** The speed that sample number `count` carries. */
export const speedOf = (count: number): number => count % speedsThere;

/** A device whose n-th report holds one sample with n as its speed, and which remembers what was acknowledged. */
export class CountingDevice {
  readonly vehicleId: string;
  readonly client: DeviceClient;
  readonly #startMs: number;
  readonly #stepMs: number;
  readonly #inFlight: number;
  readonly #sentAt = new Map<number, number>();
  #isGoing = false;
  #pace: NodeJS.Timeout | undefined;
  #whenAcked: () => void = () => {};
  sent = 0;
  acked = 0;
  /** What the server refused or changed: nothing of this device ever should be. */
  readonly refusals: string[] = [];
  /** How long each acknowledged report was on its way, ms; only while `measures` is set. */
  readonly latenciesMs: number[] = [];
  measures = false;

  constructor({ vehicleId, startMs, stepMs = 10, inFlight = inFlightDefault, ...options }: CountingDeviceOptions) {
    this.vehicleId = vehicleId;
    this.#startMs = startMs;
    this.#stepMs = stepMs;
    this.#inFlight = inFlight;
    this.client = new DeviceClient({
      ...options,
      onAck: (seq) => this.#onAck(seq),
      onVerdict: (verdict) => this.refusals.push(JSON.stringify(verdict)),
      // Without a seq it speaks of the connection, which comes again.
      onProblem: (problem, seq) => seq !== undefined && this.refusals.push(JSON.stringify(problem)),
    });
    this.client.start();
  }

  /** Reports on and on, as fast as it is acknowledged, until `pause`. */
  go(): void {
    this.#isGoing = true;
    this.#fill();
  }

  /** Reports on and on, one after so many milliseconds whatever is acknowledged, until `pause`: what is not taken waits in the device. */
  goEvery(ms: number): void {
    this.#pace = setInterval(() => this.sendOne(), ms);
  }

  pause(): void {
    this.#isGoing = false;
    clearInterval(this.#pace);
  }

  /** One report; false when the device holds as many as it may. */
  sendOne(): boolean {
    const count = this.sent + 1;
    const { ok } = this.client.send([{ time: this.timeOf(count), signals: { 'Vehicle.Speed': speedOf(count) } }]);
    if (!ok) return false;
    this.sent = count;
    if (this.measures) this.#sentAt.set(count, performance.now());
    return true;
  }

  timeOf(count: number): number {
    return this.#startMs + count * this.#stepMs;
  }

  async untilAcked(count: number): Promise<void> {
    while (this.acked < count) {
      await new Promise<void>((resolve) => {
        this.#whenAcked = resolve;
      });
    }
  }

  #fill(): void {
    while (this.#isGoing && this.client.unacknowledged < this.#inFlight && this.sendOne());
  }

  #onAck(seq: number): void {
    const before = this.acked;
    this.acked = Math.max(before, seq);
    for (let count = before + 1; count <= this.acked; count++) this.#measure(count);
    this.#fill();
    this.#whenAcked();
  }

  #measure(count: number): void {
    const sentAt = this.#sentAt.get(count);
    if (sentAt === undefined) return;
    this.#sentAt.delete(count);
    this.latenciesMs.push(performance.now() - sentAt);
  }
}
