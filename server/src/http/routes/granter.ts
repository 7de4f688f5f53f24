import type { FastifyRequest } from 'fastify';
import { CallerError, invalidField } from '../../kernel/index.ts';
import type { Vehicle } from '../../registry/index.ts';
import type { Granter } from '../../sharing/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { signedInOf } from './people.ts';

export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : toIso(ms));

/** What a person read before they answered; nothing was shown for an end, which asks nothing. */
interface Shown {
  readonly textVersion: string;
  readonly language: string;
}
const nothingShown: Shown = { textVersion: 'none', language: 'und' };

/** Who is signed in, as somebody who grants: for themselves, and for the customers that they manage. */
export const granterOf = (caller: Caller, request: FastifyRequest, { textVersion, language }: Shown = nothingShown): Granter => {
  const { person, memberships } = signedInOf(caller);
  const managed = memberships.filter(({ kind, role }) => kind === 'customer' && role === 'manager');
  return {
    personNo: person.personNo,
    customerNos: managed.flatMap(({ customerNo }) => customerNo ?? []),
    address: request.client.address,
    answer: { textVersion, language, method: 'web' },
  };
};

/** Throws `invalid_field`. */
export const momentOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw invalidField('until', text, 'a moment in ISO 8601');
  return ms;
};

/** Vehicles that the granter may share: theirs, and those of customers that they manage. Throws `not_found`. */
export const ownVehicles = (registry: HttpDeps['registry'], ids: readonly string[], by: Granter): Vehicle[] =>
  ids.map((id) => {
    const vehicle = registry.directory.vehicleById(id);
    const holder = vehicle && registry.possessions.directory.holderNow(vehicle.vehicleNo);
    const isOwn =
      holder?.kind === 'person' ? holder.personNo === by.personNo : holder && by.customerNos.includes(holder.customerNo);
    if (!vehicle || !isOwn || vehicle.endedAt !== null)
      throw new CallerError('not_found', `there is no vehicle ${JSON.stringify(id)}`);
    return vehicle;
  });
