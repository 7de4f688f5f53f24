import type { ConsentGroup, DataActClass } from './definition.ts';

/**
 * How often a vehicle that has a group usually tells it: each second or so while it is driven, about once a minute, when it changes, once when
 * it comes, or after each trip. What a vehicle does is up to its device: the recorded vehicles of docs/simulator.md do this.
 */
export const usualFrequencies = ['second', 'minute', 'change', 'once', 'trip'] as const;
export type UsualFrequency = (typeof usualFrequencies)[number];

export const usualFrequency: Readonly<Record<ConsentGroup, UsualFrequency>> = {
  identity: 'once',
  position: 'second',
  motion: 'second',
  energy: 'minute',
  mileage: 'minute',
  tires: 'minute',
  weight: 'minute',
  warnings: 'change',
  status: 'minute',
  body: 'change',
  driving: 'trip',
};

/**
 * Regulation (EU) 2023/2854: data that the vehicle makes (Article 2(15)), data of the service around it (2(16)), and what is inferred from either,
 * which the right to share does not reach.
 */
export const dataActKinds = ['product_data', 'related_service_data', 'inferred'] as const;
export type DataActKind = (typeof dataActKinds)[number];

export const dataActKindOf = (dataActClass: DataActClass): DataActKind =>
  dataActClass === 'derived' ? 'inferred' : 'product_data';
