/** Named limits of sandboxes. docs/limits.md says what happens at each. */
export const sandboxLimits = {
  carsPerAppMax: 3,
  /** Cars that one person has in sandboxes, and all of an installation. */
  carsPerPersonMax: 9,
  carsMax: 1000,
  /** How long a car drives when it is told to, how often it reports meanwhile, and how many drive at once on one process. */
  driveMs: 600_000,
  driveEveryMs: 10_000,
  drivingMax: 50,
  /** From an expiry that was asked for until it comes. */
  expiresInMs: 1000,
} as const;
