import { coreOf } from './cores.ts';
import type { SeededStatus } from './status-tracker.ts';
import type { LatestValue, Live } from './types.ts';

/** Half a ms before the sample: its own record, when the log still has it, is newer and replaces what was found elsewhere. */
const seedLeadMs = 0.5;

/** Puts a value in place that was found in history, before the log is applied. */
export const seedValue = (live: Live, vehicleNo: number, value: Omit<LatestValue, 'receivedAt'>): void =>
  coreOf(live).latest.seed(vehicleNo, { ...value, time: value.time - seedLeadMs, receivedAt: value.time });

/** Puts the status of a vehicle in place that the log does not tell from its beginning. */
export const seedStatus = (live: Live, vehicleNo: number, status: SeededStatus): void =>
  coreOf(live).tracker.seed(vehicleNo, status);

/**
 * Ends the seeding: values that no record replaced get their own time, and when they were received, which only `running` knows. Answers how
 * many there were.
 */
export const settleSeeds = (live: Live, running: Live): number => {
  const { latest } = coreOf(live);
  const vehicles = new Set([...live.knownVehicles(), ...running.knownVehicles()]);
  let seeds = 0;
  for (const signalNumber of latest.signals) {
    for (const vehicleNo of vehicles) {
      const value = latest.value(vehicleNo, signalNumber);
      if (!value || Number.isInteger(value.time)) continue;
      const time = value.time + seedLeadMs;
      const known = running.peek(vehicleNo, signalNumber);
      const isKnown = known?.time === time && known.deviceNo === value.deviceNo && known.stored === value.stored;
      latest.seed(vehicleNo, { ...value, time, receivedAt: isKnown ? known.receivedAt : time });
      seeds++;
    }
  }
  return seeds;
};
