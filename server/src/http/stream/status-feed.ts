import type { StatusMessage } from '@milepost/contract/stream';
import { groupPermission, isSeenAt } from '../../events/index.ts';
import type { StatusChange } from '../../history/index.ts';
import type { Directory } from '../../registry/index.ts';
import { statusChangeView } from '../routes/status.ts';
import { browserStreamLimits } from './limits.ts';
import { encodeMessage, type Viewer } from './viewer.ts';

/** Status changes since the last flush; a whole fleet that falls silent at once is told as a number. */
export class StatusFeed {
  readonly #directory: Directory;
  #waiting: StatusChange[] = [];
  #more = 0;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  note(change: StatusChange): void {
    if (this.#waiting.length < browserStreamLimits.statusChangesPerMessage) this.#waiting.push(change);
    else this.#more++;
  }

  /** Sends to viewers by audience: one message for all that see the same. */
  flush(viewers: Iterable<Viewer>): void {
    const changes = this.#waiting;
    const more = this.#more;
    if (changes.length === 0) return;
    this.#waiting = [];
    this.#more = 0;
    const byAudience = new Map<string, Buffer | null>();
    for (const viewer of viewers) {
      const { audience } = viewer.scope;
      if (!byAudience.has(audience)) byAudience.set(audience, this.#encode(viewer, changes, more));
      const bytes = byAudience.get(audience);
      if (bytes) viewer.send(bytes, false);
    }
  }

  #encode({ scope }: Viewer, changes: readonly StatusChange[], more: number): Buffer | null {
    const shown = changes
      .filter(
        (change) => scope.seesNow(change.vehicleNo) && isSeenAt(groupPermission(scope, change.vehicleNo, 'status'), change.at),
      )
      .map((change) => statusChangeView(this.#directory, scope, change));
    const message: StatusMessage = { type: 'status', changes: shown.filter((change) => change !== undefined), more };
    return message.changes.length === 0 ? null : encodeMessage(message);
  }
}
