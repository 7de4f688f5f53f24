/** What the example app asks owners for, and why: the same words are registered for it and sent with each request. */
export const exampleApp = {
  partner: 'Kilometre Insurance',
  name: 'Kilometre',
  about: 'A price by the kilometre: whoever drives less pays less. An example of an app that reads cars by Milepost.',
  items: [
    { item: 'mileage', reason: 'The price of a month is counted in kilometres.' },
    { item: 'position', place: 'about10km', time: 'day', reason: 'In which country the car is insured.' },
    { item: 'energy', reason: 'Roadside help brings energy when there is none left.' },
    { item: 'tires', reason: 'Roadside help brings the right wheel.' },
  ],
} as const;

/** One after the other: the second is asked once the first was answered. */
export const exampleAsks = [
  {
    purpose: 'insurance',
    terms:
      'We read how far the car was driven, and in which country it is, to set the price of each month. We keep it for the time of the contract.',
    message: 'kilometre-price',
    backDays: 30,
    items: [{ item: 'mileage' }, { item: 'position', place: 'about10km', time: 'day' }],
  },
  {
    purpose: 'roadside-help',
    terms:
      'If you call us, we look at energy and tires of the car, so that help comes with what it needs. We keep it for 30 days.',
    message: 'roadside-help',
    backDays: 0,
    items: [{ item: 'energy' }, { item: 'tires' }],
  },
] as const;
export type ExampleAsk = (typeof exampleAsks)[number];
