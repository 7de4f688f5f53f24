import type { GrantedVehicle } from '@milepost/contract/api';
import { assert, CallerError } from '../../kernel/index.ts';
import type { PartnerToken } from '../../oauth/index.ts';
import { partnerScope, type StoredGrant } from '../../sharing/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { grantSourcesOf } from '../grant-sources.ts';
import { readShared } from '../read-shared.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';

type Deps = Pick<HttpDeps, 'registry' | 'consents' | 'vehicleIds' | 'live' | 'history' | 'vocabulary' | 'clock'>;

const tokenOf = (caller: Caller): PartnerToken => {
  assert(caller.actor === 'partner', 'a partner was let in');
  return caller.token;
};

const grantView = ({ state, purpose, items, untilMs, backToMs }: StoredGrant): GrantedVehicle['grants'][number] => ({
  state,
  purpose,
  items: [...items],
  until: toIsoOrNull(untilMs),
  backTo: toIso(backToMs),
});

/** What apps read with a token that a person gave them. docs/partner.md */
export const addPartnerDataRoutes = (routes: RouteRegistrar, deps: Deps): void => {
  const { consents, vehicleIds } = deps;
  /** Vehicles that the token was given for: what others gave the same app is not theirs to read. */
  const vehicleNosOf = ({ grantIds }: PartnerToken): number[] => [
    ...new Set(grantIds.flatMap((id) => consents.book.byId(id)?.vehicleNo ?? [])),
  ];

  routes.add('listPartnerVehicles', async ({ caller }) => {
    const token = tokenOf(caller);
    const { appNo } = token.app;
    await consents.catchUp();
    const items = vehicleNosOf(token).map((vehicleNo) => ({
      vehicle: vehicleIds.idOf(appNo, vehicleNo),
      grants: consents.book.of({ kind: 'app', appNo }, vehicleNo).map(grantView),
    }));
    return { items };
  });

  routes.add('readPartnerVehicle', async ({ params, query, caller }) => {
    const token = tokenOf(caller);
    const { appNo } = token.app;
    await consents.catchUp();
    const scope = partnerScope(grantSourcesOf(deps), appNo);
    const vehicleNo = vehicleIds.find(appNo, params.id, vehicleNosOf(token));
    if (vehicleNo === undefined) throw new CallerError('not_found', `there is no vehicle ${JSON.stringify(params.id)}`);
    const items = query.items?.split(',').map((item) => item.trim());
    const reader = { kind: 'app', appNo } as const;
    return readShared(deps, { scope, book: consents.book, reader, vehicleNo, vehicle: params.id, items });
  });
};
