import { appVehicleLimits } from '@milepost/contract/api';
import { CallerError, OperationalError } from '../../kernel/index.ts';
import { partnerScope } from '../../sharing/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { grantSourcesOf } from '../grant-sources.ts';
import type { PartnerDeps } from '../partner/asked-vehicle.ts';
import { noteSignals } from '../partner/note-told.ts';
import { readShared } from '../read-shared.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';
import { grantView } from './partner-data.ts';
import { signedInOf } from './people.ts';

type Deps = PartnerDeps & Pick<HttpDeps, 'partners'>;

/** The cars of an app, for members of its partner: what the app is told, and nothing else, counted as a read of the app. docs/partner.md */
export const addAppVehicleRoutes = (routes: RouteRegistrar, deps: Deps): void => {
  const { partners, consents, vehicleIds } = deps;
  const { book } = consents;
  /** Throws `not_found` to who is no member. A suspended app reads nothing, nor do its people. */
  const readerOf = async ({ id, app: appId }: { readonly id: string; readonly app: string }, caller: Caller) => {
    const { personNo } = signedInOf(caller).person;
    const app = await partners.apps.read(await partners.organisations.read(id, personNo), appId, personNo);
    if (app.state !== 'active') throw new CallerError('forbidden', 'this app reads nothing now: it is not approved');
    await consents.catchUp();
    if (!book.isHeard())
      throw new OperationalError('unavailable', 'changes of consent cannot be heard now', { retryAfterSeconds: 2 });
    return { kind: 'app', appNo: app.appNo } as const;
  };
  const hasLive = (appNo: number, vehicleNo: number): boolean =>
    book.of({ kind: 'app', appNo }, vehicleNo).some(({ state }) => state !== 'ended');

  routes.add('listAppVehicles', async ({ params, query, caller }) => {
    const reader = await readerOf(params, caller);
    const all = [...book.vehiclesOf(reader)]
      .filter((vehicleNo) => hasLive(reader.appNo, vehicleNo))
      .map((vehicleNo) => ({ vehicleNo, vehicle: vehicleIds.idOf(reader.appNo, vehicleNo) }))
      .sort((a, b) => (a.vehicle < b.vehicle ? -1 : 1));
    const left = query.cursor === undefined ? all : all.filter(({ vehicle }) => vehicle > (query.cursor as string));
    const shown = left.slice(0, query.limit ?? appVehicleLimits.pageDefault);
    return {
      items: shown.map(({ vehicleNo, vehicle }) => ({ vehicle, grants: book.of(reader, vehicleNo).map(grantView) })),
      total: all.length,
      next: left.length > shown.length ? (shown.at(-1)?.vehicle ?? null) : null,
    };
  });

  routes.add('readAppVehicle', async ({ params, caller }) => {
    const reader = await readerOf(params, caller);
    const vehicleNo = vehicleIds.find(reader.appNo, params.vehicle, new Set(book.vehiclesOf(reader)));
    if (vehicleNo === undefined) throw new CallerError('not_found', `there is no vehicle ${JSON.stringify(params.vehicle)}`);
    const scope = partnerScope(grantSourcesOf(deps), reader.appNo);
    const ask = { scope, book, reader, vehicleNo, vehicle: params.vehicle };
    return noteSignals(deps, ask, await readShared(deps, ask));
  });
};
