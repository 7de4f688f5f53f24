import type { ConsentGroup } from '@milepost/contract';
import type { SharedVehicle } from '@milepost/contract/api';
import { type DerivedThing, derivedItems, groupPermission } from '../../events/index.ts';
import { withheldReason } from '../../sharing/index.ts';
import type { SharedAsk } from '../read-shared.ts';
import type { PartnerDeps } from './asked-vehicle.ts';

type Withheld = SharedVehicle['withheld'];

/** A group is granted whole and of each report, as what is derived of it needs. */
const isGranted = ({ scope, vehicleNo }: SharedAsk, group: ConsentGroup): boolean => {
  const permission = groupPermission(scope, vehicleNo, group);
  return permission !== undefined && permission.precision.time === 'report' && permission.precision.above === null;
};

/** Why an item is not there, of which it is not asked whether the vehicle ever told it; `not_granted` where it is granted too coarsely. */
export const reasonOf = (deps: Pick<PartnerDeps, 'vocabulary'>, ask: SharedAsk, item: string): Withheld[number]['reason'] =>
  withheldReason({ ...ask, vocabulary: deps.vocabulary(), hasValue: () => true }, item) ?? 'not_granted';

/** Items that things are made of and that are not granted as they need it, each with its reason. */
export const withheldThings = (
  deps: Pick<PartnerDeps, 'vocabulary'>,
  ask: SharedAsk,
  things: readonly DerivedThing[],
): Withheld => {
  const groups = new Set<ConsentGroup>(things.flatMap((thing) => derivedItems[thing]));
  return [...groups].filter((group) => !isGranted(ask, group)).map((item) => ({ item, reason: reasonOf(deps, ask, item) }));
};
