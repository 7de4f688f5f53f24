/** Named limits and thresholds of what is derived. docs/trips.md says where each comes from. */
export const tripLimits = {
  /** How far beyond its day a derivation reads, and after which a trip is cut at midnight. A longer silence ends everything. */
  tripMsMax: 86_400_000,
  /** Samples beyond what is decided that a decision may depend on: so much more is read on both sides. */
  contextMs: 3_600_000,
  /** Samples so far ahead of now are read too. */
  clockAheadMs: 300_000,
  /** Samples are looked at in steps of at least so long, on the clock: what a moment is does not depend on where reading began. */
  binMs: 4000,
  /** A speed, and a line between two fixes, says something about so long a time. */
  speedHoldMs: 30_000,
  fixHoldMs: 120_000,
  /** Ignition and charging are believed so long. */
  stateHoldMs: 1_800_000,
  /** A repeated position while going faster is a fix that was held. */
  heldSpeedKmh: 2,
  /** With the ignition known to be on this is driven, however slow. */
  creepKmhMin: 3,
  /** Nothing on a road goes faster: a fix that says so is none. */
  speedKmhMax: 250,
  /** Steps of the detector's decoding on the clock, and what is looked at around each. */
  decodeMs: 600_000,
  decodeAroundMs: 300_000,
  /** Between samples further apart than this the way alone decides: this far is a drive. */
  sparseMs: 60_000,
  sparseMetersMin: 100,
  /** Standing so long ends a trip; with the ignition off, or charging, so long. */
  stopMs: 180_000,
  stopIgnitionOffMs: 60_000,
  /** Shorter ways are manoeuvres or noise, no trips. */
  tripMetersMin: 150,
  tripReachMetersMin: 100,
  /** Fixes so near tell the way in between; of the driven time so much must lie between such ones, or have a speed. */
  nearFixMs: 30_000,
  coverageMin: 0.8,
  /** An odometer is believed for a trip of so many of its steps: 5 % at most are lost by rounding. */
  odometerStepsMin: 20,
  /** Between two samples so far apart a way is driven as a whole from this speed on. Slower, or longer: it lies somewhere in between. */
  silenceMs: 600_000,
  silenceMsMax: 14_400_000,
  silenceKmhMin: 8,
  silenceMetersMin: 300,
  /** Range at full charge is modelled from this battery level up, percent. */
  rangePercentMin: 20,
  /** A level that rises by so much while standing was charged, percent; kWh where only those are reported. */
  chargingPercentMin: 2,
  chargingKwhMin: 1,
  /** Levels waver by so much, percent or kWh. */
  levelNoise: 0.5,
  /** Power is modelled over a rise of at least so much, and at least so long. */
  powerPercentMin: 5,
  powerKwhMin: 1,
  powerMsMin: 60_000,
  /** Harsh from here on, m/s²: 0.45 g, 0.35 g and 0.50 g. */
  harshBraking: 4.41,
  harshAcceleration: 3.43,
  harshCornering: 4.9,
  /** What is harsh again so soon is the same event. */
  harshApartMs: 3000,
  /** Speeds at this step and under are 1 Hz; a value that stays so long is held; changes are taken over so long. */
  harshStepMsMax: 1200,
  harshHoldMsMax: 900,
  harshSpanMs: 1800,
  /** One step that is more of such a change is a wrong speed. */
  harshStepPartMax: 0.8,
  /** A trend of tires looks back so far and needs so many days. */
  tireDaysMax: 60,
  tireDaysMin: 4,
  /** Cold pressure that rises so much from a day to the next was filled up: a part, and kPa. */
  tireRefillPart: 0.04,
  tireRefillKpaMin: 8,
  /** It leaks when it loses this part of its pressure a day, has lost this part, and so many of all pairs of days say that it loses. */
  tireLeakPartADay: 0.003,
  tireLeakPart: 0.02,
  tireLeakAgreement: 0.75,
  /** A trend begins where parting the days halves what they lie off it. */
  tireTurnGain: 0.5,
  /** A gap is so long, and so many times the usual step of the trip. */
  gapMsMin: 120_000,
  gapSteps: 3,
} as const;
