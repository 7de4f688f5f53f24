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
  modelledMax: 100,
  /** Days of the past at most, and samples of it that are sent in a report, in reports a second of all vehicles together. */
  daysMax: 14,
  lateSamplesPerReport: 250,
  lateReportsPerSecond: 20,
  /** Days of vehicles that are being sent at the same time: one whose vehicle has no network holds up no other. */
  lateDaysAtOnce: 8,
  /** How often it is noted how far each vehicle has come: after a kill so much is sent again. */
  noteEveryMs: 30_000,
  /** Between the logins of two vehicles at the start. */
  startSpacingMs: 10,
  /** How often it is looked what is due: oftener than each second, so that a fleet that starts is not kept waiting for one. */
  advanceMs: 250,
  /** The end of the process at the latest after a signal. */
  stopMs: 1700,
} as const;
