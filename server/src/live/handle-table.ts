/** Numbers that stand for vehicles in one audience's stream. They are given in the order of first appearance and say nothing. */
export class HandleTable {
  readonly #handles = new Map<number, number>();
  readonly #vehicles: number[] = [];

  get size(): number {
    return this.#vehicles.length;
  }
  /** The vehicle's handle, from 1; given when asked for the first time. */
  handleOf(vehicleNo: number): number {
    const known = this.#handles.get(vehicleNo);
    if (known !== undefined) return known;
    const handle = this.#vehicles.push(vehicleNo);
    this.#handles.set(vehicleNo, handle);
    return handle;
  }
  /** Undefined: it has none yet. */
  knownHandleOf(vehicleNo: number): number | undefined {
    return this.#handles.get(vehicleNo);
  }
  vehicleNoOf(handle: number): number | undefined {
    return this.#vehicles[handle - 1];
  }
}
