import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DemoRole } from '@milepost/contract/api';
import { ApiClient, ApiError, type OperatorClient } from '@milepost/sdk';
import { exampleApp, exampleAsks } from '@milepost/sdk/examples';

const fleet = 'Atlas Parcels Demo';
const emails = { owner: 'owner@milepost.invalid', manager: 'manager@milepost.invalid' } as const;
/** How often it is looked whether the example app has asked. */
const lookEveryMs = 500;
const looksMax = 120;

export interface SharingOptions {
  readonly server: string;
  readonly operator: OperatorClient;
  /** Where the app keeps its tokens. */
  readonly folder: string;
  /** The car that the owner claims. */
  readonly vehicleId: string;
  readonly tell: (line: string) => void;
}

/** As somebody of the demo, in a browser of theirs. */
const enterAs = async (server: string, role: DemoRole): Promise<ApiClient> => {
  const answer = await fetch(new URL('/v1/demo/session', server), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ as: role }),
  });
  if (!answer.ok) throw new Error(`nobody was let in as ${role}: ${answer.status}`);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  return new ApiClient(server, () => Promise.resolve({ cookie, origin: new URL(server).origin }));
};

const isKnownAlready = (error: unknown): undefined => {
  if (error instanceof ApiError && error.status === 409) return undefined;
  throw error;
};

const addManager = async (operator: OperatorClient): Promise<void> => {
  const { items } = await operator.call('listOrganisations', { query: { q: fleet } });
  const [organisation] = items;
  if (!organisation) return;
  await operator
    .call('addMember', { id: organisation.id, body: { email: emails.manager, role: 'manager' } })
    .catch(isKnownAlready);
};

const claimCar = async (operator: OperatorClient, owner: ApiClient, vehicleId: string): Promise<void> => {
  const { items } = await owner.call('listVehicles');
  if (items.length > 0) return;
  const { code } = await operator.call('makeClaimCode', { id: vehicleId });
  await owner.call('claimVehicle', { body: { code } });
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const listener = createServer();
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address();
      listener.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** The app as its people register it. Answers by what it is known; a secret is shown once, so it gets another at each start. */
const registerApp = async (operator: OperatorClient, partner: ApiClient, port: number) => {
  const { memberships } = await partner.call('readMe');
  const id =
    memberships.find(({ kind }) => kind === 'partner')?.organisationId ??
    (await partner.call('makePartner', { body: { name: exampleApp.partner } })).id;
  const { name, about, items } = exampleApp;
  const home = `http://127.0.0.1:${port}/`;
  const addresses = { homepage: home, privacyPage: home, redirectAddresses: [`${home}back`] };
  const old = (await partner.call('readPartner', { id })).apps.find((one) => one.name === name);
  const app = old
    ? await partner.call('changePartnerApp', { params: { id, app: old.id }, body: addresses })
    : await partner.call('makePartnerApp', { id, body: { name, about, environment: 'live', items, ...addresses } });
  const params = { id, app: app.id };
  for (const { purpose, terms } of exampleAsks)
    await partner.call('declarePurpose', { params: { ...params, purpose }, body: { language: 'en', terms } });
  if (app.state === 'waiting') await operator.call('approveApp', { id: app.id });
  for (const secret of app.secrets) await partner.call('endAppSecret', { params: { ...params, secret: secret.id } });
  return { id: app.id, secret: (await partner.call('makeAppSecret', { params })).text };
};

const startApp = ({ server, folder }: SharingOptions, app: { readonly id: string; readonly secret: string }, port: number) =>
  spawn(process.execPath, [fileURLToPath(import.meta.resolve('@milepost/sdk/examples/partner-app'))], {
    // The channel carries nothing: when this process is gone, the app hears of it.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      MILEPOST_SERVER: server,
      CLIENT_ID: app.id,
      CLIENT_SECRET: app.secret,
      PORT: String(port),
      STATE: join(folder, 'example-app.json'),
      ASK: emails.owner,
    },
  });

/** The first request is answered yes, as its owner would do it; the second is left to who looks at the demo. */
const answerFirst = async (owner: ApiClient, vehicleId: string): Promise<void> => {
  const [first] = exampleAsks;
  for (let looks = 0; looks < looksMax; looks++) {
    if ((await owner.call('listGrants')).items.length > 0) return;
    const { items } = await owner.call('listConsents');
    const request = items.find(({ asks }) => asks[0]?.purpose.purpose === first.purpose);
    if (request) {
      const given = [{ ask: 0, vehicles: [vehicleId], items: first.items, backDays: first.backDays }];
      await owner.call('answerConsent', { id: request.id, body: { isAllowed: true, given, language: 'en' } });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
};

/** What people of a demo would do: an owner claims a car, a manager joins the fleet, a partner's app asks the owner, who says yes to the first. Answers an end. */
export const seedSharing = async (options: SharingOptions): Promise<() => void> => {
  const { server, operator, vehicleId, tell } = options;
  const [owner, partner] = [await enterAs(server, 'owner'), await enterAs(server, 'partner')];
  await enterAs(server, 'manager');
  await addManager(operator);
  await claimCar(operator, owner, vehicleId);
  const port = await freePort();
  const app: ChildProcess = startApp(options, await registerApp(operator, partner, port), port);
  await answerFirst(owner, vehicleId);
  tell('Simulator: an owner, a manager and a partner are there: "Enter as …" on the page to sign in');
  return () => void app.kill('SIGTERM');
};
