import Type, { type Static } from 'typebox';
import { apiLimits, closed, nullable, opaqueId, pageOf, paging } from './shared.ts';

const name = Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax });
const timeoutSeconds = Type.Integer({
  minimum: 1,
  maximum: 604_800,
  description: 'Own status timeout; null: the default of the server',
});

export const customer = closed({
  id: opaqueId,
  name,
  lateAfterSeconds: nullable(timeoutSeconds),
  offlineAfterSeconds: nullable(timeoutSeconds),
});
export type CustomerView = Static<typeof customer>;

export const newCustomer = closed({ name });

export const customerChanges = closed(
  {
    name: Type.Optional(name),
    lateAfterSeconds: Type.Optional(nullable(timeoutSeconds)),
    offlineAfterSeconds: Type.Optional(nullable(timeoutSeconds)),
  },
  { minProperties: 1 },
);

export const customerPage = pageOf(customer);
export const customerQuery = closed({
  q: Type.Optional(Type.String({ maxLength: apiLimits.searchCharactersMax, description: 'Text in the name' })),
  ...paging,
});
