/** Width of a slot: how late a deadline can be noticed. */
export const slotMs = 64;
/** Slots of one turn (262 s). A deadline further away is looked at once a turn. */
export const wheelSlots = 4096;
const none = -1;
/** Vehicles fit beside a deadline's place in its slot in one exact number: the key of a sort. */
const keyScale = 2 ** 27;

/**
 * Wakes vehicles at their deadlines. Each is in at most one slot, in doubly linked lists over typed arrays. A deadline that only moves away
 * costs nothing: the vehicle is looked at when its old slot comes, and put where its deadline is now. One that comes nearer needs `arm`.
 */
export class TimerWheel {
  readonly #head = new Int32Array(wheelSlots).fill(none);
  #next = new Int32Array(1024).fill(none);
  #previous = new Int32Array(1024).fill(none);
  /** Slot that the vehicle is in; −1: in none. */
  #slot = new Int16Array(1024).fill(none);
  #queued = 0;
  /** The slot to settle next. */
  #cursor = 0;
  #due = new Float64Array(256);

  get queued(): number {
    return this.#queued;
  }
  /** Deadlines before this moment have been settled. */
  get settledMs(): number {
    return this.#cursor * slotMs;
  }
  get bytes(): number {
    return (
      this.#next.byteLength + this.#previous.byteLength + this.#slot.byteLength + this.#head.byteLength + this.#due.byteLength
    );
  }

  /** Says where an empty wheel stands. */
  startAt(ms: number): void {
    this.#cursor = Math.floor(ms / slotMs);
  }

  /** Takes everybody out, and says where it stands from now on. */
  restartAt(ms: number): void {
    this.#head.fill(none);
    this.#slot.fill(none);
    this.#queued = 0;
    this.startAt(ms);
  }

  /** Puts a vehicle where its deadline is, moving it if it is elsewhere; Infinity takes it out. */
  arm(vehicleNo: number, deadlineMs: number): void {
    if (vehicleNo >= this.#next.length) this.#grow(vehicleNo);
    if (this.#slot[vehicleNo] !== none) this.#unlink(vehicleNo);
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    const wanted = Math.floor(deadlineMs / slotMs);
    this.#link(vehicleNo, Math.min(Math.max(wanted, this.#cursor), this.#cursor + wheelSlots - 1) % wheelSlots);
  }

  /**
   * Settles every slot that is over at `untilMs`: calls `fire` for deadlines in it, in order of (deadline, vehicleNo), and goes on
   * with whatever deadline the vehicle has then. Answers how many fired.
   */
  advance(
    untilMs: number,
    deadlineOf: (vehicleNo: number) => number,
    fire: (vehicleNo: number, slotEndMs: number) => void,
  ): number {
    const until = Math.floor(untilMs / slotMs);
    let fired = 0;
    while (this.#cursor < until) {
      if (this.#queued === 0) {
        this.#cursor = until;
        break;
      }
      if (this.#head[this.#cursor % wheelSlots] === none) this.#cursor++;
      else fired += this.#settle(deadlineOf, fire);
    }
    return fired;
  }

  #settle(deadlineOf: (vehicleNo: number) => number, fire: (vehicleNo: number, slotEndMs: number) => void): number {
    const slot = this.#cursor % wheelSlots;
    const startMs = this.#cursor * slotMs;
    const endMs = startMs + slotMs;
    let count = 0;
    let vehicleNo = this.#head[slot] as number;
    this.#head[slot] = none;
    // From here on a vehicle put back goes to a later slot.
    this.#cursor++;
    while (vehicleNo !== none) {
      const following = this.#next[vehicleNo] as number;
      this.#slot[vehicleNo] = none;
      this.#queued--;
      const deadline = deadlineOf(vehicleNo);
      if (deadline >= endMs) this.arm(vehicleNo, deadline);
      else this.#addDue(count++, Math.max(0, deadline - startMs) * keyScale + vehicleNo);
      vehicleNo = following;
    }
    this.#due.subarray(0, count).sort();
    for (let i = 0; i < count; i++) {
      const due = (this.#due[i] as number) % keyScale;
      fire(due, endMs);
      this.arm(due, deadlineOf(due));
    }
    return count;
  }

  #addDue(index: number, key: number): void {
    if (index === this.#due.length) {
      const larger = new Float64Array(index * 2);
      larger.set(this.#due);
      this.#due = larger;
    }
    this.#due[index] = key;
  }

  #link(vehicleNo: number, slot: number): void {
    const first = this.#head[slot] as number;
    this.#next[vehicleNo] = first;
    this.#previous[vehicleNo] = none;
    if (first !== none) this.#previous[first] = vehicleNo;
    this.#head[slot] = vehicleNo;
    this.#slot[vehicleNo] = slot;
    this.#queued++;
  }

  #unlink(vehicleNo: number): void {
    const next = this.#next[vehicleNo] as number;
    const previous = this.#previous[vehicleNo] as number;
    if (previous === none) this.#head[this.#slot[vehicleNo] as number] = next;
    else this.#next[previous] = next;
    if (next !== none) this.#previous[next] = previous;
    this.#slot[vehicleNo] = none;
    this.#queued--;
  }

  #grow(vehicleNo: number): void {
    const length = 2 ** Math.ceil(Math.log2(vehicleNo + 1));
    const grown = <T extends Int32Array<ArrayBuffer> | Int16Array<ArrayBuffer>>(larger: T, old: T): T => {
      larger.fill(none);
      larger.set(old);
      return larger;
    };
    this.#next = grown(new Int32Array(length), this.#next);
    this.#previous = grown(new Int32Array(length), this.#previous);
    this.#slot = grown(new Int16Array(length), this.#slot);
  }
}
