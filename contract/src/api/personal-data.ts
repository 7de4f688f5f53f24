import Type, { type Static } from 'typebox';
import { byId, person } from './route.ts';
import { closed, isoTime, oneOf, opaqueId } from './shared.ts';

export const personalExportView = closed({
  id: opaqueId,
  state: oneOf(['running', 'done', 'failed']),
  percent: Type.Integer({ minimum: 0, maximum: 100 }),
  bytes: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'As far as it is made' }),
  createdAt: isoTime,
  expiresAt: isoTime,
});
export type PersonalExportView = Static<typeof personalExportView>;

const tag = 'people';

/** Everything of one person. docs/people.md */
export const personalDataRoutes = {
  startMyExport: person({
    method: 'POST',
    path: '/v1/me/exports',
    summary: 'Have a file made of everything that is known of you',
    description:
      'A ZIP of JSON, with the values of your vehicles, in the periods in which you held them, as Parquet. Made in the background; it can be had for seven days, by you alone. Asks that the password or passkey was given a moment ago.',
    tag,
    status: 201,
    response: personalExportView,
  }),
  listMyExports: person({
    method: 'GET',
    path: '/v1/me/exports',
    summary: 'List the own files of everything, and how far they are',
    tag,
    status: 200,
    response: closed({ items: Type.Array(personalExportView) }),
  }),
  downloadMyExport: person({
    method: 'GET',
    path: '/v1/me/exports/{id}/file',
    summary: 'Get the file of everything that is known of you',
    tag,
    params: byId,
    status: 200,
    files: ['application/zip'],
  }),
  removeMyExport: person({
    method: 'DELETE',
    path: '/v1/me/exports/{id}',
    summary: 'Remove a file of everything; one that is being made is given up',
    tag,
    params: byId,
    status: 204,
  }),
} as const;
