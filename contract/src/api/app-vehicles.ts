import Type, { type Static } from 'typebox';
import { sharedVehicle } from './consent.ts';
import { grantedVehicle } from './partner-data.ts';
import { person } from './route.ts';
import { closed, nullable, opaqueId } from './shared.ts';

/** Named limits of what members of a partner see of the cars of an app. docs/limits.md says what happens at each. */
export const appVehicleLimits = { pageDefault: 50, pageMax: 200 } as const;

export const appVehicles = closed({
  items: Type.Array(grantedVehicle),
  total: Type.Integer({ minimum: 0, maximum: 10_000_000 }),
  next: nullable(Type.String({ description: 'Ask with it as `cursor` for the next ones' })),
});
export type AppVehicles = Static<typeof appVehicles>;

const tag = 'partners';
const path = '/v1/partners/{id}/apps/{app}/vehicles';

/** The cars of an app as the members of its partner see them: limited to its grants, as the app itself is. docs/partner.md */
export const appVehicleRoutes = {
  listAppVehicles: person({
    method: 'GET',
    path,
    summary: 'List the vehicles of which an app has a grant that goes on',
    tag,
    params: closed({ id: opaqueId, app: opaqueId }),
    query: closed({
      cursor: Type.Optional(opaqueId),
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: appVehicleLimits.pageMax, default: appVehicleLimits.pageDefault }),
      ),
    }),
    status: 200,
    response: appVehicles,
  }),
  readAppVehicle: person({
    method: 'GET',
    path: `${path}/{vehicle}`,
    summary: 'Read the latest of a vehicle as an app is told it',
    description: 'Its owner is shown that it was read.',
    tag,
    params: closed({ id: opaqueId, app: opaqueId, vehicle: opaqueId }),
    status: 200,
    response: sharedVehicle,
  }),
} as const;
