import Type, { type Static } from 'typebox';
import { consentGroups, dataActClasses } from '../signals/definition.ts';
import { dataActKinds, usualFrequencies } from '../signals/catalogue.ts';
import { anyone } from './route.ts';
import { closed, nullable, oneOf } from './shared.ts';

const way = closed({
  for: oneOf(['owner', 'partner'], { description: 'Who holds the vehicle, or an app to which they granted the item' }),
  path: Type.String({ description: 'GET of the API, with an item in its place' }),
});

export const catalogueItem = closed({
  item: Type.String({ description: 'Path of a signal, or the name of what is derived' }),
  label: Type.String(),
  group: oneOf(consentGroups, { description: 'What an owner grants' }),
  /** Of what is derived: told only to who may read all of them. */
  madeOf: Type.Array(oneOf(consentGroups), { description: 'Of what is derived: all groups that it takes to see all of it' }),
  kind: oneOf(['boolean', 'number', 'enum', 'string', 'stringList', 'derived']),
  unit: nullable(Type.String()),
  values: Type.Optional(Type.Array(Type.String())),
  frequency: oneOf(usualFrequencies, { description: 'How often it is usual; the device decides' }),
  retentionDays: Type.Integer({
    minimum: 1,
    maximum: 36_525,
    description: 'Where neither vehicle nor customer has another rule',
  }),
  dataAct: closed({
    kind: oneOf(dataActKinds),
    class: oneOf(dataActClasses),
    isReadilyAvailable: Type.Boolean({ description: 'The holder gets it without asking anybody' }),
  }),
  ways: Type.Array(way),
});
export type CatalogueItem = Static<typeof catalogueItem>;

export const catalogue = closed({
  version: Type.Integer({ minimum: 1, maximum: 65_535, description: 'Of the vocabulary' }),
  items: Type.Array(catalogueItem),
});
export type Catalogue = Static<typeof catalogue>;

export const catalogueRoutes = {
  readCatalogue: anyone({
    method: 'GET',
    path: '/v1/catalogue',
    summary: 'Read what data there are, how long they are kept, and how to get them',
    description: 'For everybody, without signing in: made of the vocabulary of this server. docs/consent.md',
    tag: 'consent',
    status: 200,
    response: catalogue,
  }),
} as const;
