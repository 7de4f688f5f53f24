import assert from 'node:assert/strict';
import { consentGroups } from '@milepost/contract';
import type { ConsentItem, VehicleDataDetail } from '@milepost/contract/api';
import type { TestVehicle } from './fleet.ts';
import type { TestServer } from './open-test-server.ts';
import { exchange, getCode, makeTestApp, type TestApp } from './test-app.ts';
import { makeTestBrowser, signUpIn } from './test-browser.ts';
import type { TestPerson } from './test-person.ts';

/** Apps that ask about a car: with all items of it, with another item than is asked for, and with nothing of it. */
export const appCallers = ['appWithAll', 'appWithOtherItem', 'appWithout'] as const;
export type AppCaller = (typeof appCallers)[number];

export interface AppCalling {
  readonly headers: Record<string, string>;
  /** What the app calls the car; the one with nothing of it knows the name all the same. */
  readonly vehicle: string;
}

interface Car {
  readonly holder: TestPerson;
  readonly car: Pick<TestVehicle, 'id'>;
}

const redirect = 'https://volt.example/back';
const purpose = 'insurance';
/** The item that `appWithOtherItem` has: nothing else that is asked for is made of it. */
export const otherItem = 'tires';

const makeApp = async (server: TestServer, developer: Awaited<ReturnType<typeof signUpIn>>, partnerId: string, name: string) => {
  const items = consentGroups.map((item) => ({ item, reason: 'The price follows it.' })) as never;
  const live = { name, environment: 'live' as const, redirectAddresses: [redirect], items };
  const app = await makeTestApp(server, developer, partnerId, live);
  const params = { id: partnerId, app: app.id, purpose };
  const declared = await developer.ask('declarePurpose', { params, body: { language: 'en', terms: 'We set your price by it.' } });
  assert.equal(declared.status, 200, JSON.stringify(declared.json));
  const approved = await server.ask('approveApp', { id: app.id });
  assert.ok(approved.status < 300, approved.text);
  return app;
};

const give = async (server: TestServer, app: TestApp, { holder, car }: Car, items: readonly ConsentItem[]) => {
  const detail: VehicleDataDetail = { type: 'vehicle_data', items: [...items], purpose, backDays: 1 };
  const browser = makeTestBrowser(server, holder.headers['cookie']);
  const asked = { redirect_uri: redirect, authorization_details: JSON.stringify([detail]) };
  const flow = await getCode(app, browser, asked, { given: [{ ask: 0, vehicles: [car.id], items: [...items], backDays: 1 }] });
  const { access_token: token } = await exchange(app, flow);
  const headers = { authorization: `Bearer ${token}` };
  const { text } = await server.call('GET', '/v1/partner/vehicles', undefined, headers);
  const [named] = (JSON.parse(text) as { items: { vehicle: string }[] }).items;
  return { headers, vehicle: named?.vehicle ?? assert.fail(text) };
};

/** Two apps in live use: one has everything of `asked` and, by another token, of `other`; the second has one item of `asked`. */
export const openAppCallers = async (server: TestServer, asked: Car, other: Car): Promise<Record<AppCaller, AppCalling>> => {
  const developer = await signUpIn(server, 'grace@volt.example', 'Grace');
  const partner = await developer.ask('makePartner', { body: { name: 'Volt of the callers' } });
  const volt = await makeApp(server, developer, partner.json.id, 'Volt Drive');
  const tires = await makeApp(server, developer, partner.json.id, 'Volt Tires');
  const all = consentGroups.map((item) => ({ item }));
  const appWithAll = await give(server, volt, asked, all);
  const appWithOtherItem = await give(server, tires, asked, [{ item: otherItem }]);
  const { headers } = await give(server, volt, other, all);
  return { appWithAll, appWithOtherItem, appWithout: { headers, vehicle: appWithAll.vehicle } };
};
