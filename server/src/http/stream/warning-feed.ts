import type { WarningMessage } from '@milepost/contract/stream';
import type { WarningChange, Warnings } from '../../alerts/index.ts';
import type { Directory } from '../../registry/index.ts';
import { warningEntryView } from '../views/warning-view.ts';
import { browserStreamLimits } from './limits.ts';
import { encodeMessage, type Viewer } from './viewer.ts';

/** Changes of warnings since the last flush; a whole fleet that rings at once is told as a number. */
export class WarningFeed {
  readonly #directory: Directory;
  readonly #warnings: Pick<Warnings, 'isShown'>;
  #waiting: WarningChange[] = [];
  #more = 0;

  constructor(directory: Directory, warnings: Pick<Warnings, 'isShown'>) {
    this.#directory = directory;
    this.#warnings = warnings;
  }

  note(changes: readonly WarningChange[]): void {
    for (const change of changes) {
      if (this.#waiting.length < browserStreamLimits.warningChangesPerMessage) this.#waiting.push(change);
      else this.#more++;
    }
  }

  /** Something may have been missed: viewers ask. */
  noteGap(): void {
    this.#more++;
  }

  /** Sends to viewers by audience: one message for all that see the same. */
  flush(viewers: Iterable<Viewer>): void {
    const changes = this.#waiting;
    const more = this.#more;
    if (changes.length === 0 && more === 0) return;
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

  #encode({ scope }: Viewer, changes: readonly WarningChange[], more: number): Buffer | null {
    const shown = changes.flatMap(({ change, warning }) => {
      const entry = this.#warnings.isShown(scope, warning) ? warningEntryView(this.#directory, scope, warning) : undefined;
      return entry ? [{ change, warning: entry }] : [];
    });
    const message: WarningMessage = { type: 'warning', changes: shown, more };
    return shown.length === 0 && more === 0 ? null : encodeMessage(message);
  }
}
