import type { WayKind } from './routes.ts';

/** A way that a vehicle goes on some days of its week. */
export interface Outing {
  readonly way: WayKind;
  /** By the clock where it lives, hours. */
  readonly hour: number;
  /** Standing between its parts, minutes: at work, at a customer. */
  readonly pauseMinutes: number;
  /** After it, it charges at the depot's fast charger. */
  readonly isFastCharged?: true;
}

/** Outings of each day, Monday first. */
export type Habit = readonly (readonly Outing[])[];

/** @param workdays Monday to Friday; each vehicle begins with another one of them, see `outingsOf` */
const week = (workdays: Habit, saturday: readonly Outing[], sunday: readonly Outing[]): Habit => [...workdays, saturday, sunday];

const commute = { way: 'townAndBack', hour: 7.7, pauseMinutes: 510 } as const;
const errand = { way: 'townAndBack', hour: 16.2, pauseMinutes: 35 } as const;
const eveningOut = { way: 'townAndBack', hour: 20.8, pauseMinutes: 60 } as const;
const firstTour = { way: 'firstTour', hour: 8.9, pauseMinutes: 0 } as const;
const secondTour = { way: 'secondTour', hour: 9.4, pauseMinutes: 0 } as const;
const round = { way: 'firstRound', hour: 8.2, pauseMinutes: 5 } as const;
const secondRound = { way: 'secondRound', hour: 13.7, pauseMinutes: 5 } as const;
const visit = { way: 'townAndBack', hour: 8.4, pauseMinutes: 190 } as const;

/** Three rounds, with half an hour at a fast charger before the last one. */
const longDay: readonly Outing[] = [
  { ...round, hour: 7 },
  { ...secondRound, hour: 10.4, isFastCharged: true },
  { ...round, hour: 14.2 },
];
const parcelDay: readonly Outing[] = [round, secondRound];

export const habits = {
  commuter: week([[commute], [commute], [commute, eveningOut], [commute], []], [{ ...errand, hour: 10.5, pauseMinutes: 80 }], []),
  weekendDriver: week(
    [[commute], [commute], [commute], [commute], [commute, eveningOut]],
    [{ ...secondTour, hour: 11 }],
    [{ ...errand, hour: 15, pauseMinutes: 120 }],
  ),
  campus: week([[firstTour, errand], [firstTour], [firstTour, errand], [errand], [secondTour]], [{ ...errand, hour: 10 }], []),
  city: week([[secondTour, errand], [secondTour], [firstTour], [secondTour, errand], [errand]], [{ ...errand, hour: 12 }], []),
  parcels: week([parcelDay, parcelDay, [round], parcelDay, [secondRound]], [round], []),
  longParcels: week([parcelDay, longDay, parcelDay, longDay, [round]], [round], []),
  fieldService: week([[visit, errand], [visit], [firstTour], [visit, errand], [visit]], [], [{ ...firstTour, hour: 11 }]),
} as const satisfies Record<string, Habit>;
export type HabitName = keyof typeof habits;

const workdays = 5;

/** What a vehicle does on a day of the week, 0 Monday. */
export const outingsOf = (habit: HabitName, day: number, index: number): readonly Outing[] =>
  habits[habit][day < workdays ? (day + index) % workdays : day] ?? [];
