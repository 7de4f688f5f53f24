import type { ConsentGroup } from '@milepost/contract';

/**
 * What is derived, and the items that each thing is made of: it is told only to who may read all of them, of all of its time, and of each
 * report, and its places in the coarsest of the granted cells. Who is told one value of an hour is not told what all of them were made into.
 * docs/consent.md
 */
export const derivedItems = {
  /** That it was driven, from when to when, how far, and how long it stood meanwhile. */
  trip: ['driving'],
  tripPlace: ['driving', 'position'],
  /** How fast, on average and at most, and how harshly. */
  tripMotion: ['driving', 'motion'],
  tripEnergy: ['driving', 'energy'],
  stop: ['driving'],
  stopPlace: ['driving', 'position'],
  charging: ['energy'],
  chargingPlace: ['energy', 'position'],
  /** How far it went on a day. */
  dayDistance: ['mileage'],
  dayDriving: ['driving'],
  dayMotion: ['driving', 'motion'],
  dayEnergy: ['energy'],
  dayOdometer: ['mileage'],
  dayRange: ['energy'],
  dayTires: ['tires'],
} as const satisfies Readonly<Record<string, readonly ConsentGroup[]>>;
export type DerivedThing = keyof typeof derivedItems;
