import Type, { type Static } from 'typebox';
import { consentItemName } from './consent.ts';
import { person, reader } from './route.ts';
import { closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging, timeParameter } from './shared.ts';

/** Ways by which something is read. */
export const receiptChannels = ['rest', 'stream', 'webhook', 'changes'] as const;
export type ReceiptChannel = (typeof receiptChannels)[number];

const periods = ['day', 'week', 'month'] as const;
export const receiptReaderKinds = ['app', 'staff', 'driver'] as const;

const firstDay = Type.String({ format: 'date', description: 'First day of the period, UTC; weeks begin on Monday' });
const count = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

const receiptReader = Type.Union([
  closed({
    kind: Type.Literal('app'),
    id: nullable(opaqueId),
    name: nullable(Type.String({ description: 'null: the app has ended' })),
    partner: nullable(closed({ id: opaqueId, name: Type.String() })),
  }),
  closed({
    kind: Type.Union([Type.Literal('staff'), Type.Literal('driver')]),
    name: nullable(Type.String({ description: 'null: the bearer of the operator token, or an account that has ended' })),
  }),
]);

export const receiptView = closed({
  from: firstDay,
  reader: receiptReader,
  vehicle: closed({ id: opaqueId, vin: Type.String(), plate: nullable(Type.String()) }),
  item: consentItemName,
  channel: oneOf(receiptChannels),
  reads: Type.Integer({ ...count, description: 'Answers and messages that told it' }),
  firstAt: isoTime,
  lastAt: isoTime,
});
export type ReceiptView = Static<typeof receiptView>;

export const usageView = closed({
  from: firstDay,
  item: consentItemName,
  channel: oneOf(receiptChannels),
  reads: count,
  vehicles: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Of how many vehicles' }),
  lastAt: isoTime,
});
export type UsageView = Static<typeof usageView>;

const period = {
  per: Type.Optional(oneOf(periods, { default: 'day', description: 'What is added up' })),
  from: Type.Optional(timeParameter),
  to: Type.Optional(timeParameter),
  ...paging,
};

/** Receipts of what was read: for who holds a vehicle, and for the partner that read it. docs/consent.md */
export const receiptRoutes = {
  listReceipts: reader({
    method: 'GET',
    path: '/v1/receipts',
    summary: 'List who read what of the own vehicles, while one held them',
    description:
      'Days, weeks or months of the last 31 days unless `from` and `to` say otherwise, the newest first. Members see those of their customer, staff those of all customers, and none of private owners. What others read within the last second may be missing.',
    tag: 'consent',
    query: closed({
      ...period,
      vehicle: Type.Optional(opaqueId),
      reader: Type.Optional(oneOf(receiptReaderKinds)),
      app: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Id of one app' })),
      item: Type.Optional(consentItemName),
    }),
    status: 200,
    response: pageOf(receiptView),
  }),
  listAppUsage: person({
    method: 'GET',
    path: '/v1/partners/{id}/apps/{app}/usage',
    summary: 'List what an app read, by day, item and way',
    description: 'From the same log as the receipts of owners; it names no vehicle and no owner.',
    tag: 'partners',
    params: closed({ id: opaqueId, app: opaqueId }),
    query: closed(period),
    status: 200,
    response: pageOf(usageView),
  }),
} as const;
