import Type, { type Static } from 'typebox';
import { warningCodes } from '../warnings.ts';
import { reader } from './route.ts';
import { apiLimits, closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging, timeField, timeParameter } from './shared.ts';
import { severityWords, warningBase } from './warning-view.ts';

const count = Type.Integer({ minimum: 0, maximum: 2_147_483_647 });

/** A warning of a vehicle from when it was raised until it ended. */
export const warningEntry = closed({
  id: opaqueId,
  vehicleId: opaqueId,
  vin: Type.String(),
  plate: nullable(Type.String()),
  customer: Type.String({ description: 'Name' }),
  ...warningBase,
  raisedAt: Type.Union([isoTime], { description: 'Sample time of the value that it was first seen by' }),
  endedAt: Type.Union([nullable(isoTime)], { description: 'Sample time of the value that ended it; null: it is active' }),
  rangAt: Type.Union([nullable(isoTime)], {
    description: 'When people were last told, by the clock of the server; null: it was old news when it was found, so nobody was',
  }),
  times: Type.Integer({
    minimum: 1,
    maximum: 2_147_483_647,
    description: 'How often it came: one that comes again shortly after its end goes on',
  }),
});
export type WarningEntry = Static<typeof warningEntry>;
export const warningPage = pageOf(warningEntry);
export type WarningPage = Static<typeof warningPage>;

export const warningStates = ['open', 'ended'] as const;

/** Newest first. Those that were active at some time of the period. */
export const warningQuery = closed({
  q: Type.Optional(
    Type.String({ maxLength: apiLimits.searchCharactersMax, description: 'Words that VIN, plate, customer or model contain' }),
  ),
  vehicle: Type.Optional(opaqueId),
  customer: Type.Optional(Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax, description: 'Name or id' })),
  state: Type.Optional(oneOf(warningStates)),
  severity: Type.Optional(oneOf(severityWords, { description: 'At least so urgent' })),
  code: Type.Optional(oneOf(warningCodes)),
  from: Type.Optional(Type.Union([timeParameter], { description: 'Start, inclusive' })),
  to: Type.Optional(Type.Union([timeParameter], { description: 'End, exclusive' })),
  ...paging,
  format: Type.Optional(oneOf(['json', 'csv'], { description: 'Or by the Accept header. CSV holds all pages' })),
});
export type WarningQuery = Static<typeof warningQuery>;

export const warningCounts = closed({
  open: closed({ critical: count, warning: count, info: count }),
  unseen: Type.Union([count], {
    description: `Above mere information and rung since \`seenUntil\`; counted up to ${apiLimits.unseenWarningsMax}`,
  }),
  seenUntil: nullable(isoTime),
});
export type WarningCounts = Static<typeof warningCounts>;

export const warningsSeen = closed({ until: Type.Union([timeField], { description: 'What rang up to here was seen' }) });

const tag = 'warnings' as const;
export const warningRoutes = {
  listWarnings: reader({
    method: 'GET',
    path: '/v1/warnings',
    summary: 'List warnings, newest first',
    tag,
    query: warningQuery,
    status: 200,
    response: warningPage,
    hasCsv: true,
  }),
  countWarnings: reader({
    method: 'GET',
    path: '/v1/warnings/counts',
    summary: 'Count active and unseen warnings',
    tag,
    status: 200,
    response: warningCounts,
  }),
  seeWarnings: reader({
    method: 'PUT',
    path: '/v1/warnings/seen',
    summary: 'Mark warnings as seen up to a moment',
    description: 'It never goes back: an earlier moment changes nothing.',
    tag,
    body: warningsSeen,
    status: 200,
    response: warningCounts,
  }),
} as const;
