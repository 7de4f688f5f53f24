import type { GrantedVehicle } from '@milepost/contract/api';
import { OperationalError } from '../../kernel/index.ts';
import type { StoredGrant } from '../../sharing/index.ts';
import { askedVehicle, type PartnerDeps, partnerTokenOf, vehicleNosOf } from '../partner/asked-vehicle.ts';
import { noteMileage, noteSignals, noteThings } from '../partner/note-told.ts';
import { readSharedCharging, readSharedStops, readSharedTrips } from '../partner/read-activities.ts';
import { readSharedHistory } from '../partner/read-history.ts';
import { readSharedMileage } from '../partner/read-mileage.ts';
import { readShared } from '../read-shared.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso, toIsoOrNull } from '../times.ts';

export const grantView = ({ state, purpose, items, untilMs, backToMs }: StoredGrant): GrantedVehicle['grants'][number] => ({
  state,
  purpose,
  items: [...items],
  until: toIsoOrNull(untilMs),
  backTo: toIso(backToMs),
});

/** What apps read with a token that a person gave them. docs/partner.md */
export const addPartnerDataRoutes = (routes: RouteRegistrar, deps: PartnerDeps): void => {
  const { consents, vehicleIds } = deps;

  routes.add('listPartnerVehicles', async ({ caller }) => {
    const token = partnerTokenOf(caller);
    const { appNo } = token.app;
    await consents.catchUp();
    // What is granted is not told either while it may have been taken back.
    if (!consents.book.isHeard())
      throw new OperationalError('unavailable', 'changes of consent cannot be heard now', { retryAfterSeconds: 2 });
    const items = vehicleNosOf(token, consents).map((vehicleNo) => ({
      vehicle: vehicleIds.idOf(appNo, vehicleNo),
      grants: consents.book.of({ kind: 'app', appNo }, vehicleNo).map(grantView),
    }));
    return { items };
  });

  routes.add('readPartnerVehicle', async ({ params, query, caller }) => {
    const ask = await askedVehicle(deps, caller, params.id, query.items);
    return noteSignals(deps, ask, await readShared(deps, ask));
  });
  routes.add('readPartnerHistory', async ({ params, query, caller }) => {
    const ask = await askedVehicle(deps, caller, params.id, query.items);
    return noteSignals(deps, ask, await readSharedHistory(deps, ask, query));
  });
  routes.add('listPartnerTrips', async ({ params, query, caller }) => {
    const ask = await askedVehicle(deps, caller, params.id);
    const things = ['trip', 'tripPlace', 'tripMotion', 'tripEnergy'] as const;
    return noteThings(deps, ask, things, await readSharedTrips(deps, ask, query));
  });
  routes.add('listPartnerStops', async ({ params, query, caller }) => {
    const ask = await askedVehicle(deps, caller, params.id);
    return noteThings(deps, ask, ['stop', 'stopPlace'], await readSharedStops(deps, ask, query));
  });
  routes.add('listPartnerCharging', async ({ params, query, caller }) => {
    const ask = await askedVehicle(deps, caller, params.id);
    return noteThings(deps, ask, ['charging', 'chargingPlace'], await readSharedCharging(deps, ask, query));
  });
  routes.add('readPartnerMileage', async ({ params, query, caller }) => {
    const ask = await askedVehicle(deps, caller, params.id);
    return noteMileage(deps, ask, await readSharedMileage(deps, ask, query));
  });
};
