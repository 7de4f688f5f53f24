import { type DriverInvitationView, invitationApiLimits, type OwnVehicleView } from '@milepost/contract/api';
import type { FastifyRequest } from 'fastify';
import { CallerError } from '../../kernel/index.ts';
import type { Vehicle } from '../../registry/index.ts';
import type { Invitation, Invited } from '../../sharing/index.ts';
import type { Caller } from '../access/authenticate.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { granterOf, isoOrNull, momentOf, ownVehicles } from './granter.ts';
import { signedInOf } from './people.ts';

type Deps = Pick<HttpDeps, 'registry' | 'invitations' | 'consents'>;

const invitedOf = (caller: Caller, request: FastifyRequest, code?: string): Invited => {
  const { personNo, email, isEmailVerified } = signedInOf(caller).person;
  return { personNo, email, isEmailVerified, address: request.client.address, code };
};

const isAsked = (vehicle: Vehicle, words: readonly string[]): boolean => {
  const text = [vehicle.plate ?? '', vehicle.vin, vehicle.model ?? ''].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
};

/** Invitations in words. */
const viewsIn = ({ registry, consents }: Deps) => {
  const { directory } = registry;
  return async (all: readonly Invitation[]): Promise<DriverInvitationView[]> => {
    const names = await consents.namesOf(all.flatMap(({ holder }) => (holder.kind === 'person' ? [holder.personNo] : [])));
    return all.map(({ holder, vehicleNo, items, ...rest }) => {
      const vehicle = directory.vehicleByNo(vehicleNo);
      const from = holder.kind === 'person' ? names.get(holder.personNo) : directory.customerByNo(holder.customerNo)?.name;
      return {
        id: rest.id,
        from: from ?? '',
        email: rest.email,
        vehicle: {
          id: vehicle?.id ?? '-',
          vin: vehicle?.vin ?? '',
          plate: vehicle?.plate ?? null,
          model: vehicle?.model ?? null,
        },
        items: [...items],
        until: isoOrNull(rest.untilMs),
        backDays: rest.backDays,
        createdAt: toIso(rest.createdMs),
        expiresAt: toIso(rest.expiresMs),
      };
    });
  };
};

const addOwnVehicles = (routes: RouteRegistrar, { registry }: Deps): void => {
  const { directory, possessions } = registry;
  routes.add('listOwnVehicles', ({ query, caller, request }) => {
    const { personNo, customerNos } = granterOf(caller, request);
    const words = (query.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const items: OwnVehicleView[] = [];
    for (const vehicle of directory.vehicles()) {
      const holder = vehicle.endedAt === null ? possessions.directory.holderNow(vehicle.vehicleNo) : undefined;
      const isOwn = holder?.kind === 'person' ? holder.personNo === personNo : holder && customerNos.includes(holder.customerNo);
      if (!holder || !isOwn || !isAsked(vehicle, words)) continue;
      if (items.length === invitationApiLimits.ownVehiclesMax) return { items, isComplete: false };
      const { id, vin, plate, model } = vehicle;
      const customer = holder.kind === 'customer' ? (directory.customerByNo(holder.customerNo)?.name ?? '') : null;
      items.push({ id, vin, plate, model, customer });
    }
    return { items, isComplete: true };
  });
};

/** Drivers by invitation. docs/consent.md */
export const addInvitationRoutes = (routes: RouteRegistrar, deps: Deps): void => {
  const { registry, invitations } = deps;
  const { directory, possessions } = registry;
  const views = viewsIn(deps);
  addOwnVehicles(routes, deps);

  routes.add('inviteDriver', async ({ body, caller, request }) => {
    const by = granterOf(caller, request, body);
    const { person } = signedInOf(caller);
    const vehicles = ownVehicles(registry, body.vehicles, by);
    const holders = new Set(
      vehicles.map(({ vehicleNo }) => {
        const holder = possessions.directory.holderNow(vehicleNo);
        return holder?.kind === 'customer' ? (directory.customerByNo(holder.customerNo)?.name ?? '') : person.name;
      }),
    );
    if (holders.size > 1) throw new CallerError('bad_request', 'the vehicles of one invitation have one holder');
    const wanted = {
      vehicleNos: vehicles.map(({ vehicleNo }) => vehicleNo),
      email: body.email,
      items: body.items,
      untilMs: momentOf(body.until) ?? null,
      backDays: body.backDays ?? 0,
    };
    const [from = ''] = holders;
    return { items: await views(await invitations.invite(wanted, { ...by, email: person.email }, from)) };
  });

  routes.add('listDriverInvitations', async ({ caller, request }) => ({
    sent: await views(await invitations.sent(granterOf(caller, request))),
    received: await views(await invitations.received(invitedOf(caller, request))),
  }));

  routes.add('readDriverInvitations', async ({ body, caller, request }) => ({
    items: await views(await invitations.received(invitedOf(caller, request, body.code))),
  }));

  routes.add('answerDriverInvitation', async ({ params, body, caller, request }) => {
    const by = invitedOf(caller, request, body.code);
    if (body.isAccepted) await invitations.accept(params.id, by);
    else await invitations.refuse(params.id, by);
  });

  routes.add('withdrawDriverInvitation', ({ params, caller, request }) =>
    invitations.withdraw(params.id, granterOf(caller, request)),
  );
};
