import type { ErasurePreview, PersonErasureProof, PersonErasureView } from '@milepost/contract/api';
import { type Asking, erasedLines, type KnownErasure, percentOf, personErasureLimits } from '../../person-erasure/index.ts';
import type { SignedIn } from '../../people/index.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { confirmedOf, signedInOf } from './people.ts';

type Deps = Pick<HttpDeps, 'personErasures' | 'registry' | 'consents' | 'clock'>;

const view = (erasure: KnownErasure): PersonErasureView => ({
  id: erasure.id,
  state: erasure.state,
  percent: percentOf(erasure),
  askedAt: toIso(erasure.askedMs),
  dueAt: toIso(erasure.dueMs),
  beganAt: toIsoOrNull(erasure.beganMs),
  endedAt: toIsoOrNull(erasure.endedMs),
});

const proof = (erasure: KnownErasure): PersonErasureProof => ({
  ...view(erasure),
  report:
    erasure.state === 'done'
      ? {
          format: 'milepost person erasure 1',
          erased: erasedLines(erasure).map(({ what, count, method, atMs }) => ({ what, count, method, at: toIso(atMs) })),
          stays: (erasure.stays ?? []).map(({ what, why, untilMs }) => ({ what, why, until: toIsoOrNull(untilMs) })),
        }
      : null,
});

const askingOf = ({ person }: SignedIn, address: string): Asking => ({ ...person, address });

/** What would go, as things are now. */
const previewOf = async (
  { personErasures, registry, consents }: Deps,
  { person, memberships }: SignedIn,
): Promise<ErasurePreview> => {
  const { personNo } = person;
  const { directory, possessions } = registry;
  const held = [...possessions.directory.vehiclesOfPerson(personNo)];
  const isOwn = (vehicleNo: number): boolean => {
    const holder = possessions.directory.holderNow(vehicleNo);
    return holder?.kind === 'person' && holder.personNo === personNo;
  };
  const vehicles = held.filter(isOwn).flatMap((vehicleNo) => directory.vehicleByNo(vehicleNo) ?? []);
  const live = [...consents.book.all()].filter(({ state }) => state !== 'ended');
  const given = live.filter(({ holder }) => holder.kind === 'person' && holder.personNo === personNo);
  const [erasure, blockers] = await Promise.all([personErasures.openOf(personNo), personErasures.blockersOf(personNo)]);
  return {
    erasure: erasure ? view(erasure) : null,
    graceDays: personErasureLimits.graceDays,
    vehicles: vehicles.map(({ id, vin, plate, model }) => ({ id, vin, plate, model })),
    formerVehicles: held.length - vehicles.length,
    partnerGrants: given.filter(({ reader }) => reader.kind === 'app').length,
    driverGrants: given.filter(({ reader }) => reader.kind === 'person').length,
    grantsRead: live.filter(({ reader }) => reader.kind === 'person' && reader.personNo === personNo).length,
    organisations: memberships.map(({ id, name }) => ({ id, name })),
    blockers: blockers.map(({ organisationId, kind, name, role }) => ({ id: organisationId, kind, name, role })),
  };
};

/** Everything of one person is erased. docs/people.md */
export const addPersonErasureRoutes = (routes: RouteRegistrar, deps: Deps): void => {
  const { personErasures, clock } = deps;
  routes.add('readMyErasure', ({ caller }) => previewOf(deps, signedInOf(caller)));
  routes.add('startMyErasure', async ({ caller, request }) => {
    const { erasure, code } = await personErasures.ask(askingOf(confirmedOf(caller, clock), request.client.address));
    return { erasure: view(erasure), code };
  });
  routes.add('takeBackMyErasure', ({ caller, request }) =>
    personErasures.takeBack(askingOf(signedInOf(caller), request.client.address)),
  );
  routes.add('readErasureProof', async ({ body }) => proof(await personErasures.byCode(body.code)));
  routes.add('listPersonErasures', async () => ({
    items: (await personErasures.list()).map((erasure) => ({ ...proof(erasure), person: erasure.personId })),
  }));
};
