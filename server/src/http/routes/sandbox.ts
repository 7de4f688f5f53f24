import type { SandboxCarView } from '@milepost/contract/api';
import { CallerError } from '../../kernel/index.ts';
import type { PartnerApp } from '../../partners/index.ts';
import { type SandboxCar, sandboxLimits } from '../../sandbox/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { partnerTokenOf } from '../partner/asked-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { actorOf } from './partners.ts';
import { signedInOf } from './people.ts';

type Deps = Pick<HttpDeps, 'partners' | 'sandbox' | 'registry' | 'vehicleIds' | 'consents' | 'clock'>;

interface AppParams {
  readonly id: string;
  readonly app: string;
}

/** Cars of sandboxes: for members of the partner, and for the app itself. docs/partner.md */
export const addSandboxRoutes = (routes: RouteRegistrar, deps: Deps): void => {
  const { partners, sandbox, registry, vehicleIds, consents, clock } = deps;

  const carView = (car: SandboxCar, personNo: number | null): SandboxCarView => {
    const grant = sandbox.grantOf(car);
    return {
      vehicle: vehicleIds.idOf(car.appNo, car.vehicleNo),
      vin: registry.directory.vehicleByNo(car.vehicleNo)?.vin ?? '',
      isYours: car.personNo === personNo,
      madeAt: toIso(car.madeMs),
      drivesUntil: toIsoOrNull(car.drivesUntilMs !== null && car.drivesUntilMs > clock.now() ? car.drivesUntilMs : null),
      grant: grant
        ? { id: grant.id, state: grant.state, purpose: grant.purpose, items: [...grant.items], until: toIsoOrNull(grant.untilMs) }
        : null,
    };
  };
  /** Throws `not_found` to who is no member. */
  const appOf = async (
    { id, app }: AppParams,
    caller: Caller,
  ): Promise<{ readonly app: PartnerApp; readonly personNo: number }> => {
    const { personNo } = signedInOf(caller).person;
    return { app: await partners.apps.read(await partners.organisations.read(id, personNo), app, personNo), personNo };
  };
  /** By what the app calls it. `asPersonNo`: null is the app itself. */
  const carOf = async (app: PartnerApp, id: string, asPersonNo: number | null): Promise<SandboxCar> => {
    const car = (await sandbox.list(app, asPersonNo)).find(({ vehicleNo }) => vehicleIds.idOf(app.appNo, vehicleNo) === id);
    if (!car) throw new CallerError('not_found', `there is no vehicle ${JSON.stringify(id)} in this sandbox`);
    return car;
  };

  routes.add('listSandboxCars', async ({ params, caller }) => {
    const { app, personNo } = await appOf(params, caller);
    await consents.catchUp();
    const cars = await sandbox.list(app, personNo);
    return { items: cars.map((car) => carView(car, personNo)), carsMax: sandboxLimits.carsPerAppMax };
  });
  routes.add('makeSandboxCar', async ({ params, caller, request }) => {
    const { app, personNo } = await appOf(params, caller);
    return carView(await sandbox.make(app, actorOf(caller, request)), personNo);
  });
  routes.add('endSandboxCar', async ({ params, caller }) => {
    const { app, personNo } = await appOf(params, caller);
    await consents.catchUp();
    await sandbox.end(await carOf(app, params.car, personNo));
  });
  routes.add('triggerSandboxCar', async ({ params, body, caller, request }) => {
    const { app, personNo } = await appOf(params, caller);
    await consents.catchUp();
    const car = await carOf(app, params.car, personNo);
    return carView(await sandbox.trigger(app, car, body.trigger, request.client.address), personNo);
  });
  routes.add('triggerPartnerVehicle', async ({ params, body, caller, request }) => {
    const { app } = partnerTokenOf(caller);
    await consents.catchUp();
    const car = await carOf(app, params.id, null);
    return carView(await sandbox.trigger(app, car, body.trigger, request.client.address), null);
  });
};
