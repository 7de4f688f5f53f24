import assert from 'node:assert/strict';
import type { ConsentItem } from '@milepost/contract/api';
import { addVehicle, type TestVehicle } from './fleet.ts';
import type { TestServer } from './open-test-server.ts';
import { exchange, getCode, makeTestApp, type TestApp } from './test-app.ts';
import { signUpIn, type TestBrowser } from './test-browser.ts';

/** A person with cars, and a sandbox app of the person's own partner. */
export interface TestPartner {
  readonly owner: TestBrowser;
  readonly app: TestApp;
  /** Adds a car, which the owner claims. */
  addCar(number: number): Promise<TestVehicle>;
  /** The owner gives items of cars; answers the app's token. */
  give(cars: readonly TestVehicle[], items: readonly ConsentItem[]): Promise<string>;
  /** Asks as the app. */
  get<T>(path: string, token: string): Promise<{ readonly status: number; readonly json: T }>;
  /** What the app calls a car. */
  nameOf(token: string): Promise<string>;
  /** The owner changes the newest grant of a car. */
  change(body: object): Promise<void>;
  end(): Promise<void>;
}

export const claimBy = async (server: TestServer, browser: TestBrowser, { id }: TestVehicle): Promise<void> => {
  const { code } = (await server.ask('makeClaimCode', { id })).json;
  const claimed = await browser.ask('claimVehicle', { body: { code } });
  assert.equal(claimed.status, 201, JSON.stringify(claimed.json));
};

const purpose = 'insurance';
const backDays = 2;

/** `items` are those that the app may ask for, at their finest. */
export const openTestPartner = async (
  server: TestServer,
  items: readonly ConsentItem[],
  email = 'ada@example.com',
  name = `Volt of ${email}`,
): Promise<TestPartner> => {
  const owner = await signUpIn(server, email, 'Ada Byron');
  const made = await owner.ask('makePartner', { body: { name } });
  const declared = items.map((item) => ({ ...item, reason: 'The price follows it.' })) as never;
  const app = await makeTestApp(server, owner, made.json.id, { items: declared });
  const params = { id: made.json.id, app: app.id, purpose };
  const terms = await owner.ask('declarePurpose', { params, body: { language: 'en', terms: 'We set your price by it.' } });
  assert.equal(terms.status, 200);
  const get: TestPartner['get'] = async (path, token) => {
    const answer = await fetch(`${server.origin}/v1/partner${path}`, { headers: { authorization: `Bearer ${token}` } });
    return { status: answer.status, json: (await answer.json()) as never };
  };
  const newestGrant = async (): Promise<string> => {
    const grants = (await owner.ask('listGrants')).json.items;
    return grants.find(({ state }) => state !== 'ended')?.id ?? assert.fail('there is no grant');
  };
  return {
    owner,
    app,
    get,
    addCar: async (number) => {
      const car = await addVehicle(server, number, { customer: 'Stock' });
      await claimBy(server, owner, car);
      return car;
    },
    give: async (cars, given) => {
      const detail = { type: 'vehicle_data', items, purpose, backDays };
      const asked = { authorization_details: JSON.stringify([detail]) };
      const answer = { given: [{ ask: 0, vehicles: cars.map(({ id }) => id), items: [...given], backDays }] };
      const flow = await getCode(app, owner, asked, answer);
      return (await exchange(app, flow)).access_token;
    },
    nameOf: async (token) => {
      const { json } = await get<{ items: { vehicle: string }[] }>('/vehicles', token);
      return json.items[0]?.vehicle ?? assert.fail('the token is of no vehicle');
    },
    change: async (body) => {
      const change = { textVersion: '1', language: 'en', ...body } as never;
      const changed = await owner.ask('changeGrant', { params: { id: await newestGrant() }, body: change });
      assert.equal(changed.status, 200, JSON.stringify(changed.json));
    },
    end: async () => {
      assert.equal((await owner.ask('endGrant', { params: { id: await newestGrant() } })).status, 204);
    },
  };
};
