import type { History } from '../history/index.ts';
import type { PriorValues } from '../ingest/index.ts';
import type { Live } from '../live/index.ts';

/** What is stored already, as far as memory knows: the memtable of history, and the latest values. */
export const priorValues = ({ live, history }: { readonly live: Live; readonly history: History }): PriorValues => ({
  find: (vehicleNo, deviceNo, signalNumber, timeMs) => {
    const latest = live.peek(vehicleNo, signalNumber);
    if (latest && latest.time === timeMs && latest.deviceNo === deviceNo) return latest.stored;
    return history.findRecent(vehicleNo, deviceNo, signalNumber, timeMs);
  },
});
