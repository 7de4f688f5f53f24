import Type, { type Static, type TObject } from 'typebox';
import { type ConsentGroup, consentGroups } from '../signals/index.ts';
import { apiLimits, closed, nullable, oneOf, opaqueId } from './shared.ts';

const days = Type.Integer({ minimum: 1, maximum: apiLimits.retentionDaysMax });

/** One property for each consent group. */
const byGroup = <S extends Parameters<typeof nullable>[0]>(schema: S) =>
  closed(Object.fromEntries(consentGroups.map((group) => [group, schema]))) as TObject<Record<ConsentGroup, S>>;

const removable = Type.Union([days, Type.Null()], { description: 'null: the rule above it holds' });
const groupChanges = byGroup(Type.Optional(removable));

/** What is left out stays as it is. */
export const retentionChanges = closed(
  { days: Type.Optional(removable), groups: Type.Optional(groupChanges) },
  { minProperties: 1, description: 'Days from the time of the sample. What is left out stays as it is' },
);
export type RetentionChanges = Static<typeof retentionChanges>;

/** Whose rule decides. */
export const retentionSources = ['vehicle', 'customer', 'server'] as const;
export type RetentionSource = (typeof retentionSources)[number];

const effective = closed({ days, by: oneOf(retentionSources, { description: 'Whose rule it is' }) });

export const retention = closed({
  days: nullable(days),
  groups: byGroup(Type.Optional(days)),
  effective: byGroup(effective),
});
export type RetentionView = Static<typeof retention>;

const byId = closed({ id: opaqueId });
const semantics =
  'The more specific rule holds: that of the vehicle for the group; then, of the vehicle’s for everything and the customer’s for the group, the shorter one; then the customer’s for everything; then the server’s. What is older is hidden at once and removed by merges; a longer rule later does not bring it back.';

export const retentionRoutes = {
  readCustomerRetention: {
    method: 'GET',
    path: '/v1/customers/{id}/retention',
    summary: 'Read how long data of a customer’s vehicles are kept',
    tag: 'customers',
    access: 'reader',
    params: byId,
    status: 200,
    response: retention,
  },
  changeCustomerRetention: {
    method: 'PATCH',
    path: '/v1/customers/{id}/retention',
    summary: 'Change how long data of a customer’s vehicles are kept',
    description: semantics,
    tag: 'customers',
    access: 'operator',
    params: byId,
    body: retentionChanges,
    status: 200,
    response: retention,
  },
  readRetention: {
    method: 'GET',
    path: '/v1/vehicles/{id}/retention',
    summary: 'Read how long data of a vehicle are kept',
    tag: 'vehicles',
    access: 'reader',
    params: byId,
    status: 200,
    response: retention,
  },
  changeRetention: {
    method: 'PATCH',
    path: '/v1/vehicles/{id}/retention',
    summary: 'Change how long data of a vehicle are kept',
    description: semantics,
    tag: 'vehicles',
    access: 'operator',
    params: byId,
    body: retentionChanges,
    status: 200,
    response: retention,
  },
} as const;
