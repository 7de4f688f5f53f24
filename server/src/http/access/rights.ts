import type { FastifyRequest } from 'fastify';
import { CallerError } from '../../kernel/index.ts';
import type { Acting, Customer, PossessionDirectory } from '../../registry/index.ts';
import type { Caller } from './authenticate.ts';

/** Customers that the caller manages. */
const managedBy = (caller: Caller): readonly number[] =>
  caller.actor === 'person'
    ? caller.signedIn.memberships.flatMap(({ role, customerNo }) =>
        role === 'manager' && customerNo !== null ? [customerNo] : [],
      )
    : [];

/** Whether the caller holds a vehicle now, or manages it for the customer that does. */
export const isHolder = (caller: Caller, possession: PossessionDirectory, vehicleNo: number): boolean => {
  const holder = possession.holderNow(vehicleNo);
  if (!holder) return false;
  if (holder.kind === 'customer') return managedBy(caller).includes(holder.customerNo);
  return caller.actor === 'person' && caller.signedIn.person.personNo === holder.personNo;
};

/** Lets the holder of a vehicle change it; of a customer's vehicle an operator, too. Throws `forbidden`. */
export const demandHolder = (caller: Caller, possession: PossessionDirectory, vehicleNo: number): void => {
  if (isHolder(caller, possession, vehicleNo)) return;
  if (caller.isOperator && possession.holderNow(vehicleNo)?.kind !== 'person') return;
  throw new CallerError('forbidden', 'this is for who holds the vehicle, or manages it');
};

/** Lets managers of a customer, and operators, change what is the customer's. Throws `forbidden`. */
export const demandCustomer = (caller: Caller, customer: Customer | undefined): void => {
  if (caller.isOperator || (customer && managedBy(caller).includes(customer.customerNo))) return;
  throw new CallerError('forbidden', 'this is for managers of the customer');
};

/** For the audit log. */
export const actingOf = (caller: Caller, request: FastifyRequest): Acting => ({
  personNo: caller.actor === 'person' ? caller.signedIn.person.personNo : null,
  address: request.client.address,
});
