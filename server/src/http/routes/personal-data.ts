import { Readable } from 'node:stream';
import type { PersonalExportView } from '@milepost/contract/api';
import type { PersonalExport } from '../../personal-data/index.ts';
import { collectPerson } from '../personal/collect.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { confirmedOf, signedInOf } from './people.ts';

const view = ({ id, state, percent, bytes, createdMs, expiresMs }: PersonalExport): PersonalExportView => ({
  id,
  state,
  percent,
  bytes,
  createdAt: toIso(createdMs),
  expiresAt: toIso(expiresMs),
});

/** Everything of one person, for that person alone. docs/people.md */
export const addPersonalDataRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  const { personalExports, clock } = deps;
  routes.add('startMyExport', async ({ caller, scope, request }) => {
    const signedIn = confirmedOf(caller, clock);
    const { address } = request.client;
    return view(await personalExports.start(signedIn.person.personNo, address, collectPerson(deps, { signedIn, scope })));
  });
  routes.add('listMyExports', async ({ caller }) => ({
    items: (await personalExports.list(signedInOf(caller).person.personNo)).map(view),
  }));
  routes.add('downloadMyExport', async ({ params, caller, reply }) => {
    const { bytes, parts } = await personalExports.read(signedInOf(caller).person.personNo, params.id);
    return reply
      .headers({
        'content-type': 'application/zip',
        'content-length': bytes,
        'content-disposition': 'attachment; filename="milepost-everything.zip"',
      })
      .send(Readable.from(parts, { objectMode: false }));
  });
  routes.add('removeMyExport', ({ params, caller }) => personalExports.remove(signedInOf(caller).person.personNo, params.id));
};
