import Type, { type Static } from 'typebox';
import { consentGroups, dataActClasses, deviceKinds } from '../signals/index.ts';
import { roles } from './people.ts';
import { closed, isoTime, nullable, oneOf } from './shared.ts';

export const signal = closed({
  number: Type.Integer({ minimum: 1, maximum: 65_535 }),
  path: Type.String(),
  label: Type.String(),
  kind: oneOf(['boolean', 'number', 'enum', 'string', 'stringList']),
  unit: Type.String(),
  precision: Type.Number({ description: 'Smallest step that is kept, in the unit' }),
  min: Type.Number({ description: 'For texts: 0' }),
  max: Type.Number({ description: 'For texts: the longest length in bytes' }),
  values: Type.Optional(Type.Array(Type.String())),
  group: oneOf(consentGroups),
  dataActClass: oneOf(dataActClasses),
  origin: oneOf(['vss', 'milepost', 'user']),
  sourcePriority: Type.Array(oneOf(deviceKinds)),
});
export type SignalView = Static<typeof signal>;

/** The vocabulary: not a page, because clients want all of it, and it has an upper bound. */
export const signalCatalogue = closed({ version: Type.Integer({ minimum: 1, maximum: 65_535 }), items: Type.Array(signal) });
export type SignalCatalogue = Static<typeof signalCatalogue>;

/** Who is signed in. */
export const session = closed({
  actor: oneOf(['operator', 'person']),
  name: nullable(Type.String({ description: 'Of the person; null: the bearer of the operator token' })),
  isOperator: Type.Boolean({ description: 'May do what runs the platform' }),
  by: oneOf(['token', 'cookie']),
  expiresAt: nullable(isoTime),
  serverTime: isoTime,
});
export type SessionView = Static<typeof session>;

/** Where the map gets its streets from. */
export const mapStyle = closed(
  {
    kind: oneOf(['style', 'pmtiles']),
    light: Type.String({ description: 'Address, absolute or of this server' }),
    dark: Type.String({ description: 'The same for dark pages; may be the same address' }),
  },
  {
    description:
      'A MapLibre style, with its attribution inside, or a PMTiles archive in the scheme of the Protomaps basemap. null: the outlines that are built in',
  },
);
export type MapStyle = Static<typeof mapStyle>;

/** What the web app must know of the server before it draws. */
export const serverConfig = closed({
  you: closed({
    name: nullable(Type.String({ description: 'null: the bearer of the operator token' })),
    isOperator: Type.Boolean({ description: 'May do what runs the platform' }),
    isStaff: Type.Boolean({
      description: 'Works for the platform: sees all vehicles, but for what private owners keep to themselves',
    }),
    customers: Type.Array(closed({ id: Type.String(), name: Type.String(), role: oneOf(roles) }), {
      description: 'Customers of which the person is a member',
    }),
    partners: Type.Array(closed({ id: Type.String(), name: Type.String(), role: oneOf(roles) }), {
      description: 'Partner organisations of which the person is a member',
    }),
    hasVehicles: Type.Boolean({ description: 'Holds vehicles, or may see something of one, or did' }),
  }),
  version: Type.String(),
  serverTime: isoTime,
  mapStyle: nullable(mapStyle),
  isDemo: Type.Boolean(),
  demoNotes: Type.Array(Type.String(), { description: 'What is not real, in sentences to show' }),
  lateAfterSeconds: Type.Integer({ minimum: 1, maximum: 31_536_000 }),
  offlineAfterSeconds: Type.Integer({ minimum: 1, maximum: 31_536_000 }),
});
export type ServerConfig = Static<typeof serverConfig>;

export const health = closed({ status: oneOf(['ok']), version: Type.String(), serverTime: isoTime });
export const part = closed({ name: Type.String(), isReady: Type.Boolean(), detail: Type.Optional(Type.String()) });
export const readiness = closed({ isReady: Type.Boolean(), parts: Type.Array(part) });
export type Readiness = Static<typeof readiness>;
