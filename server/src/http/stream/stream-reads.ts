import type { ConsentGroup } from '@milepost/contract';
import type { ReadScope } from '../../events/index.ts';
import { keptFromStaff, type Reader, type ReceiptReader, shownToHolder } from '../../sharing/index.ts';
import type { ListReadParts } from '../access/list-reads.ts';
import { itemsOfDriver, ownerOf } from '../access/vehicle-reads.ts';
import type { Viewer } from './viewer.ts';

/**
 * Counts what browsers are told of somebody else's vehicle by the stream: each message, before it is sent. What staff see of a private owner's
 * also goes to the audit log; a viewer of whom that cannot be written is told no more.
 */
export class StreamReads {
  readonly #parts: ListReadParts;

  constructor(parts: ListReadParts) {
    this.#parts = parts;
  }

  /** Vehicles of a map that are counted for whoever sees it; undefined: there are none, whatever happens to this audience. */
  countedOf(reader: Reader, scope: ReadScope): ((vehicleNo: number) => boolean) | undefined {
    if (!reader.isStaff) return scope.isGuest ? (vehicleNo) => scope.isGuest?.(vehicleNo) === true : undefined;
    const { registry, clock } = this.#parts;
    const { directory } = registry.possessions;
    return (vehicleNo) => {
      if (!directory.hasRows(vehicleNo)) return false;
      const nowMs = clock.now();
      return (
        this.#isGranted(reader, vehicleNo) ||
        directory.brokenGlass(vehicleNo).some((glass) => glass.personNo === reader.personNo && glass.untilMs > nowMs)
      );
    };
  }

  #isGranted({ personNo }: Reader, vehicleNo: number): boolean {
    return personNo !== null && this.#parts.consents.book.of({ kind: 'person', personNo }, vehicleNo).length > 0;
  }

  /** A vehicle of a map: of staff what is kept from them otherwise. Answers whether it may be sent. */
  noteMap(viewer: Viewer, vehicleNo: number, groups: readonly ConsentGroup[]): boolean {
    return this.note(viewer, vehicleNo, shownToHolder(viewer.reader.isStaff, groups), [...keptFromStaff]);
  }

  /** What a message tells of a vehicle, and what may be seen of it at all. Answers whether it may be sent; who may not go on is ended. */
  note(viewer: Viewer, vehicleNo: number, told: readonly ConsentGroup[], seen: readonly ConsentGroup[]): boolean {
    try {
      this.#noteDriver(viewer, vehicleNo, told);
      this.#noteStaff(viewer, vehicleNo, told, seen);
      return true;
    } catch {
      viewer.end('what is read cannot be written down now');
      return false;
    }
  }

  #noteDriver({ reader, scope }: Viewer, vehicleNo: number, told: readonly ConsentGroup[]): void {
    const { personNo, isStaff } = reader;
    if (personNo === null || !(isStaff || scope.isGuest?.(vehicleNo))) return;
    const given = itemsOfDriver(this.#parts, personNo, vehicleNo, shownToHolder(isStaff, told));
    this.#receipt({ kind: 'driver', personNo }, vehicleNo, given);
  }

  #noteStaff(viewer: Viewer, vehicleNo: number, told: readonly ConsentGroup[], seen: readonly ConsentGroup[]): void {
    const { personNo, isStaff } = viewer.reader;
    const { registry, receipts } = this.#parts;
    const vehicle = isStaff ? registry.directory.vehicleByNo(vehicleNo) : undefined;
    const owner = vehicle && ownerOf(registry, vehicle, personNo);
    if (!vehicle || !owner || told.length === 0) return;
    this.#receipt({ kind: 'staff', personNo }, vehicleNo, told);
    const look = { personNo, ownerNo: owner.personNo, vehicleId: vehicle.id, items: seen, address: viewer.address };
    receipts.noteStaffLook(look).catch(() => viewer.end('the audit log cannot be written now'));
  }

  #receipt(reader: ReceiptReader, vehicleNo: number, items: readonly string[]): void {
    const { receipts, clock } = this.#parts;
    receipts.note({ reader, vehicleNo, items, channel: 'stream', atMs: clock.now() });
  }
}
