/** Named limits of partners. docs/limits.md says what happens at each. */
export const partnerLimits = {
  /** Partner organisations that one person is a member of. */
  partnersPerPersonMax: 10,
  appsPerPartnerMax: 50,
  purposesPerAppMax: 20,
  purposeVersionsMax: 1000,
  /** Two, so that one takes the place of the other without a gap. */
  secretsPerAppMax: 2,
  /** Partner organisations of an installation: all their apps are in memory. */
  partnersMax: 10_000,
} as const;
