import type { HolderPeriodView } from '@milepost/contract/api';
import { CallerError } from '../../kernel/index.ts';
import type { Holder } from '../../registry/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { actingOf, demandHolder, isHolder } from '../access/rights.ts';
import { findVehicle } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';

const isYours = ({ reader }: Caller, holder: Holder): boolean =>
  holder.kind === 'person' ? holder.personNo === reader.personNo : reader.customerNos.includes(holder.customerNo);

/** Who holds a vehicle, and how it changes hands. docs/people.md */
export const addPossessionRoutes = (routes: RouteRegistrar, { registry }: HttpDeps): void => {
  const { directory, possessions } = registry;

  const nameOf = (caller: Caller, holder: Holder): string | null => {
    if (holder.kind === 'customer') return directory.customerByNo(holder.customerNo)?.name ?? null;
    return caller.actor === 'person' && isYours(caller, holder) ? caller.signedIn.person.name : null;
  };

  routes.add('listHolders', ({ params, scope, caller }) => {
    const { vehicleNo } = findVehicle(directory, scope, params.id);
    const periods = possessions.directory.periods(vehicleNo);
    const items = periods
      .filter(({ holder }) => caller.reader.isStaff || isYours(caller, holder))
      .map(
        ({ holder, fromMs, toMs }): HolderPeriodView => ({
          kind: holder.kind,
          name: nameOf(caller, holder),
          isYou: isYours(caller, holder),
          from: toIsoOrNull(fromMs),
          to: toIsoOrNull(toMs),
        }),
      );
    return { items };
  });

  routes.add('makeClaimCode', async ({ params, scope, caller, request }) => {
    const { id, vehicleNo } = findVehicle(directory, scope, params.id);
    demandHolder(caller, possessions.directory, vehicleNo);
    const seen = possessions.directory.holderNow(vehicleNo);
    const givenBy = isHolder(caller, possessions.directory, vehicleNo) ? 'holder' : 'operator';
    const { code, expiresAt } = await possessions.makeClaimCode(id, givenBy, actingOf(caller, request), seen);
    return { code, expiresAt: toIso(expiresAt) };
  });

  routes.add('claimVehicle', async ({ body, caller, request }) => {
    if (caller.actor !== 'person') throw new CallerError('forbidden', 'a person claims a vehicle');
    const by = { ...actingOf(caller, request), personNo: caller.signedIn.person.personNo };
    const { id, vin, model } = await possessions.claim(body.code, by);
    return { id, vin, model };
  });

  routes.add('breakGlass', async ({ params, body, scope, caller, request }) => {
    const { id, vehicleNo } = findVehicle(directory, scope, params.id);
    if (!possessions.directory.periods(vehicleNo).some(({ holder }) => holder.kind === 'person'))
      throw new CallerError('bad_request', 'nothing of this vehicle is hidden from staff: no private owner has it');
    const { untilMs } = await possessions.breakGlass(id, body.reason, actingOf(caller, request));
    return { until: toIso(untilMs) };
  });
};
