/** Named limits of the simulator. */
export const simulatorLimits = {
  /** Samples of one report while catching up. */
  samplesPerReportMax: 100,
  /** Reports of one vehicle that are sent and not acknowledged. */
  reportsInFlightMax: 4,
  /** A vehicle that is further behind the clock sends batches; a nearer one a report for each moment. */
  liveLagMs: 5000,
  /** What is older than this when the server comes back is not sent any more. */
  lagMaxMs: 86_400_000,
  vehiclesMax: 500,
  busesMax: 140,
  /** Between the logins of two vehicles at the start. */
  startSpacingMs: 10,
  /** How often it is looked what is due: oftener than each second, so that a fleet that starts is not kept waiting for one. */
  advanceMs: 250,
  /** The end of the process at the latest after a signal. */
  stopMs: 1700,
} as const;
