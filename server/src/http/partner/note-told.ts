import type {
  SharedCharging,
  SharedHistory,
  SharedMileage,
  SharedStops,
  SharedTrips,
  SharedVehicle,
} from '@milepost/contract/api';
import { type DerivedThing, derivedItems } from '../../events/index.ts';
import { assert } from '../../kernel/index.ts';
import { itemsOf, itemsTold, type Receipt } from '../../sharing/index.ts';
import type { SharedAsk } from '../read-shared.ts';
import type { PartnerDeps } from './asked-vehicle.ts';

type Deps = Pick<PartnerDeps, 'receipts' | 'vocabulary' | 'clock'>;

/** Before the answer goes out: its owner is shown what it told. */
const note = ({ receipts, clock }: Deps, { reader, vehicleNo }: SharedAsk, items: Receipt['items']): void => {
  assert(reader.kind === 'app', 'an app asks');
  receipts.note({ reader, vehicleNo, items, channel: 'rest', atMs: clock.now() });
};

const isEmpty = (signal: { readonly values?: readonly unknown[] }): boolean => signal.values?.length === 0;

/** Of values by their paths; a signal of which there is no value was not told. */
export const noteSignals = <A extends SharedVehicle | SharedHistory>(deps: Deps, ask: SharedAsk, answer: A): A => {
  const told = Object.entries<object>(answer.signals).filter(([, signal]) => !isEmpty(signal));
  const items = ask.items ?? itemsOf(ask.book, ask.reader, ask.vehicleNo);
  const { withheld } = answer;
  note(
    deps,
    ask,
    itemsTold({ signals: Object.fromEntries(told) as SharedVehicle['signals'], withheld }, items, deps.vocabulary()),
  );
  return answer;
};

/** Of things that are made of items: those of them that were told. */
export const noteThings = <A extends SharedTrips | SharedStops | SharedCharging>(
  deps: Deps,
  ask: SharedAsk,
  things: readonly DerivedThing[],
  answer: A,
): A => {
  const withheld = new Set(answer.withheld.map(({ item }) => item));
  const items = new Set(things.flatMap((thing) => derivedItems[thing]).filter((item) => !withheld.has(item)));
  const isDriven = 'driven' in answer && answer.driven.length > 0;
  if (answer.items.length > 0 || isDriven) note(deps, ask, [...items]);
  return answer;
};

export const noteMileage = (deps: Deps, ask: SharedAsk, answer: SharedMileage): SharedMileage => {
  const item = ask.scope.allowsGroup(ask.vehicleNo, 'mileage') ? 'mileage' : 'Vehicle.TraveledDistance';
  if (answer.days.length > 0) note(deps, ask, [item]);
  return answer;
};
