import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { consentGroups } from '@milepost/contract';
import { type ApiRoute, type ApiRouteName, apiRoutes } from '@milepost/contract/api';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';
import { type AppCaller, appCallers, openAppCallers } from './testing/app-callers.ts';
import { addMember, signUp, type TestPerson } from './testing/test-person.ts';

/**
 * Who asks about Ana's car, which was Fleet A's before she claimed it, and of which a driver sees all items by a grant. Three come with an app's
 * token: one that was given all items of it, one that was given another item, and one that has nothing of it.
 */
const signedIn = ['holder', 'driver', 'former', 'other', 'managerOfB', 'developer', 'support', 'operator'] as const;
const callers = [...signedIn, ...appCallers, 'anonymous'] as const;
type Person = (typeof signedIn)[number];
type Caller = (typeof callers)[number];
/** `done`: 2xx, or what the request itself lacks (a 400 or 409 of its own); `withheld`: 2xx, tells nothing and says what it withholds. */
type Outcome = 'done' | 'withheld' | 'forbidden' | 'unknown' | 'unauthorized';
type Row = Readonly<Record<Caller, Outcome>>;

const nobody = Object.fromEntries(callers.map((caller) => [caller, 'unauthorized'])) as Row;
/** In the order of the people, but for the driver, who is as anybody else unless told. An app's token opens nothing but its own routes. */
const row = (outcomes: readonly [Outcome, Outcome, Outcome, Outcome, Outcome, Outcome, Outcome], driver = outcomes[2]): Row => ({
  ...nobody,
  ...Object.fromEntries(signedIn.filter((caller) => caller !== 'driver').map((caller, i) => [caller, outcomes[i]])),
  driver,
});
/** For apps alone: what is granted, what of it is withheld, and a vehicle that the token is not of. */
const apps = (granted: Outcome, otherItem: Outcome, without: Outcome): Row => ({
  ...nobody,
  appWithAll: granted,
  appWithOtherItem: otherItem,
  appWithout: without,
});
const readsAsApp = apps('done', 'withheld', 'unknown');
const all = (outcome: Outcome): Row => row([outcome, outcome, outcome, outcome, outcome, outcome, outcome]);

/** Of the vehicle: whoever holds or held it, and staff. */
const seesVehicle = row(['done', 'done', 'unknown', 'unknown', 'unknown', 'done', 'done'], 'done');
/** … but not who is shown its items: what its holder keeps of it. */
const keepsVehicle = row(['done', 'done', 'unknown', 'unknown', 'unknown', 'done', 'done'], 'forbidden');
/** Its holder alone: an operator changes nothing of a private owner's vehicle. */
const holdsVehicle = row(['done', 'forbidden', 'unknown', 'unknown', 'unknown', 'forbidden', 'forbidden'], 'forbidden');
/** Of Fleet A: its members, and staff. */
const seesFleetA = row(['unknown', 'done', 'unknown', 'unknown', 'unknown', 'done', 'done']);
const managesFleetA = row(['unknown', 'done', 'unknown', 'unknown', 'unknown', 'forbidden', 'done']);
const operators = row(['forbidden', 'forbidden', 'forbidden', 'forbidden', 'forbidden', 'forbidden', 'done']);
const staff = row(['forbidden', 'forbidden', 'forbidden', 'forbidden', 'forbidden', 'done', 'done']);
/** Everybody who is known, each sees the own. */
const known = all('done');

interface Ask {
  readonly row: Row;
  /** What stands in the path for `{id}`; the car unless given. */
  readonly id?: () => string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

let server: TestServer;
let car: TestVehicle;
let driverOfA: string;
let customerA: string;
let organisationA: string;
let callingApps: Awaited<ReturnType<typeof openAppCallers>>;
const people = {} as Record<Person, TestPerson>;

const aCustomer = () => customerA;
const aDriver = () => driverOfA;
const anOrganisation = () => organisationA;
const nothing = () => 'none';

/** Every route has a row; what is the caller's own (`/v1/me`) is asked for in `people.int.test.ts`. */
const asks: Readonly<Partial<Record<ApiRouteName, Ask>>> = {
  readConfig: { row: known },
  readSession: { row: known },
  listSignals: { row: known },
  listVehicles: { row: known },
  countVehicles: { row: known },
  listCustomers: { row: known },
  listDrivers: { row: known },
  listWarnings: { row: known },
  countWarnings: { row: known },
  seeWarnings: { row: known, body: { until: 1 } },
  listStatusChanges: { row: known },
  readFleetAt: { row: known, query: { at: '1000' } },
  readFleetReport: { row: known },
  listOrganisations: { row: known },
  listReceipts: { row: known },

  readVehicle: { row: seesVehicle },
  listCharging: { row: seesVehicle },
  listVehicleDrivers: { row: keepsVehicle },
  exportHistory: { row: keepsVehicle, query: { format: 'gpx', from: '1000', to: '2000' } },
  readHistory: { row: seesVehicle, query: { signals: 'Vehicle.TraveledDistance' } },
  listHolders: { row: seesVehicle },
  readMileage: { row: seesVehicle },
  listPrivatePeriods: { row: keepsVehicle },
  readReports: { row: keepsVehicle },
  readRetention: { row: keepsVehicle },
  readVehicleStatus: { row: seesVehicle },
  listStops: { row: seesVehicle },
  readTireTrends: { row: seesVehicle },
  listTrips: { row: seesVehicle },
  readTrip: { row: all('unknown') },

  changeVehicle: { row: holdsVehicle, body: { note: 'mine' } },
  makePrivate: { row: holdsVehicle, body: { from: 1000, to: 2000 } },
  endPrivate: { row: holdsVehicle },
  assignDriver: { row: holdsVehicle, body: { driverId: 'none' } },
  changeDriverAssignment: {
    row: row(['unknown', 'forbidden', 'unknown', 'unknown', 'unknown', 'forbidden', 'forbidden'], 'forbidden'),
    body: { to: null },
  },
  removeDriverAssignment: {
    row: row(['unknown', 'forbidden', 'unknown', 'unknown', 'unknown', 'forbidden', 'forbidden'], 'forbidden'),
  },
  makeClaimCode: { row: holdsVehicle },
  breakGlass: { row: staff, body: { reason: 'a reason of more than ten characters' } },

  readCustomer: { row: seesFleetA, id: aCustomer },
  readCustomerRetention: { row: seesFleetA, id: aCustomer },
  readDriver: { row: seesFleetA, id: aDriver },
  listDriverHarshEvents: { row: seesFleetA, id: aDriver },
  listDriverTrips: { row: seesFleetA, id: aDriver },
  listDriverAssignments: { row: seesFleetA, id: aDriver },
  changeDriver: { row: managesFleetA, id: aDriver, body: { number: '7' } },
  endDriver: { row: managesFleetA, id: aDriver },
  createDriver: {
    row: row(['forbidden', 'done', 'forbidden', 'forbidden', 'forbidden', 'forbidden', 'done']),
    body: { name: 'New', customer: 'Fleet A' },
  },
  readOrganisation: { row: seesFleetA, id: anOrganisation },
  listMembers: { row: seesFleetA, id: anOrganisation },
  addMember: { row: managesFleetA, id: anOrganisation, body: { email: 'nobody', role: 'viewer' } },
  changeMember: {
    row: row(['unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'forbidden', 'unknown']),
    id: anOrganisation,
    body: { role: 'viewer' },
  },
  removeMember: { row: row(['unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'forbidden', 'unknown']), id: anOrganisation },

  listAudit: { row: row(['forbidden', 'done', 'forbidden', 'done', 'forbidden', 'done', 'done']) },
  readSystem: { row: staff },
  readPartnerToken: { row: apps('done', 'done', 'done') },
  listPartnerVehicles: { row: apps('done', 'done', 'done') },
  readPartnerVehicle: { row: readsAsApp, query: { items: 'mileage,position' } },
  readPartnerHistory: { row: readsAsApp, query: { items: 'mileage,position' } },
  listPartnerTrips: { row: readsAsApp },
  listPartnerStops: { row: readsAsApp },
  listPartnerCharging: { row: readsAsApp },
  readPartnerMileage: { row: readsAsApp },
  readPartnerChanges: { row: apps('done', 'done', 'done') },
  streamPartner: { row: apps('done', 'done', 'done') },
  // None of these is a car of a sandbox.
  triggerPartnerVehicle: { row: apps('unknown', 'unknown', 'unknown'), body: { trigger: 'report' } },
};

/** Routes for operators alone: whoever else asks is refused before anything is looked at. */
const isOperators = ({ access }: ApiRoute): boolean => access === 'operator';
/** Asked for elsewhere: the own account and what belongs to it; what devices do; the doors; partners by themselves. */
const isElsewhere = (name: ApiRouteName, route: ApiRoute): boolean =>
  ['person', 'device', 'partner', 'anyone'].includes(route.access) && asks[name] === undefined;

before(async () => {
  server = await openTestServer('who-may');
  car = await addVehicle(server, 1, { plate: 'A 1', customer: 'Fleet A' });
  await addVehicle(server, 2, { customer: 'Fleet B' });
  await addVehicle(server, 3, { customer: 'Fleet C' });
  for (const caller of signedIn) people[caller] = await signUp(server, `${caller.toLowerCase()}@example.com`);
  await addMember(server, people.former, 'Fleet A', 'manager');
  await addMember(server, people.managerOfB, 'Fleet B', 'manager');
  await addMember(server, people.support, 'Milepost', 'support');
  await addMember(server, people.operator, 'Milepost', 'operator');
  driverOfA = (await server.ask('createDriver', { body: { name: 'Dora', customer: 'Fleet A' } })).json.id;
  const customers = await server.ask('listCustomers', { query: { q: 'Fleet A' } });
  customerA = customers.json.items[0]?.id ?? '';
  const organisations = await server.ask('listOrganisations', { query: { q: 'Fleet A' } });
  organisationA = organisations.json.items[0]?.id ?? '';
  const made = await server.ask('makePartner', { body: { name: 'Volt Insurance' }, headers: people.developer.headers });
  assert.ok(made.json.id);
  const carOfOther = (await vehicleOf('Fleet C')) ?? '';
  for (const [owner, vehicles] of [
    [people.holder, car.id],
    [people.other, carOfOther],
  ] as const) {
    const { code } = (await server.ask('makeClaimCode', { id: vehicles })).json;
    const claimed = await server.ask('claimVehicle', { body: { code }, headers: owner.headers });
    assert.equal(claimed.status, 201, claimed.text);
  }
  await inviteDriver();
  callingApps = await openAppCallers(server, { holder: people.holder, car }, { holder: people.other, car: { id: carOfOther } });
});
after(() => server?.close());

/** All groups, each as it is. */
const inviteDriver = async (): Promise<void> => {
  const body = {
    email: people.driver.email,
    vehicles: [car.id],
    items: consentGroups.map((item) => ({ item })),
    backDays: 1,
    textVersion: '1',
    language: 'en',
  };
  const { json, text } = await server.ask('inviteDriver', { body, headers: people.holder.headers });
  const path = `/v1/driver-invitations/${json.items?.[0]?.id}/answer`;
  assert.equal((await server.call('PUT', path, { isAccepted: true }, people.driver.headers)).status, 204, text);
};

const vehicleOf = async (customer: string): Promise<string | undefined> =>
  (await server.ask('listVehicles', { query: { customer } })).json.items[0]?.id;

const outcomeOf = (status: number): Outcome | number => {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'unknown';
  return status < 300 || status === 400 || status === 409 ? 'done' : status;
};

const isApp = (caller: Caller): caller is AppCaller => (appCallers as readonly Caller[]).includes(caller);

const headersOf = (caller: Caller): Record<string, string> => {
  if (caller === 'anonymous') return { authorization: '' };
  return isApp(caller) ? callingApps[caller].headers : people[caller].headers;
};

/** What an app is answered is known when it begins: a stream goes on. */
const openStream = async (address: string, headers: Record<string, string>): Promise<{ status: number; text: string }> => {
  const answer = await fetch(server.origin + address, { headers });
  await answer.body?.cancel();
  return { status: answer.status, text: '' };
};

const ask = (caller: Caller, route: ApiRoute, { id, query, body }: Partial<Ask>): Promise<{ status: number; text: string }> => {
  const asked = id?.() ?? (isApp(caller) && route.access === 'partner' ? callingApps[caller].vehicle : car.id);
  const path = route.path.replace('{id}', asked).replaceAll(/\{\w+\}/g, 'none');
  const address = query ? `${path}?${new URLSearchParams(query).toString()}` : path;
  if (route.files?.includes('text/event-stream') && isApp(caller)) return openStream(address, headersOf(caller));
  return server.call(route.method, address, body, headersOf(caller));
};

interface Told {
  readonly signals?: object;
  readonly items?: readonly unknown[];
  readonly days?: readonly unknown[];
  readonly withheld?: readonly { readonly reason: string }[];
}

/** An app is told nothing, and that for want of a grant; what is there and empty would be told. */
const isWithheld = (text: string): boolean => {
  const { signals = {}, items = [], days = [], withheld = [] } = JSON.parse(text) as Told;
  return [Object.keys(signals), items, days].every(({ length }) => length === 0) && withheld.some(isNotGranted);
};
const isNotGranted = ({ reason }: { readonly reason: string }): boolean => reason === 'not_granted';

/** What came of a request, as a row tells it. */
const outcomeFor = (caller: Caller, { access, files }: ApiRoute, { status, text }: { status: number; text: string }) => {
  const outcome = outcomeOf(status);
  return outcome === 'done' && isApp(caller) && access === 'partner' && !files && isWithheld(text) ? 'withheld' : outcome;
};

test('every route of the OpenAPI document has its row, or is told apart by whom it is for', async () => {
  const document = (await (await fetch(`${server.origin}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const names = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  assert.ok(names.length > 100);
  const without = names.filter((name) => {
    const route: ApiRoute | undefined = apiRoutes[name as ApiRouteName];
    return !route || !(asks[name as ApiRouteName] || isOperators(route) || isElsewhere(name as ApiRouteName, route));
  });
  assert.deepEqual(without, ['reportTelemetry'], 'a row is missing in this test');
});

test('each route answers each caller as its row says', async () => {
  const wrong: string[] = [];
  for (const [name, wanted] of Object.entries(asks) as [ApiRouteName, Ask][]) {
    // The holder last: what is done is done after everybody else was refused.
    for (const caller of [...callers].reverse()) {
      const answer = await ask(caller, apiRoutes[name], wanted);
      const found = outcomeFor(caller, apiRoutes[name], answer);
      if (found !== wanted.row[caller])
        wrong.push(`${name} as ${caller}: ${found}, not ${wanted.row[caller]}: ${answer.text.slice(0, 160)}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('routes for operators refuse everybody else before anything is looked at', async () => {
  const wrong: string[] = [];
  for (const [name, route] of Object.entries(apiRoutes) as [ApiRouteName, ApiRoute][]) {
    if (!isOperators(route)) continue;
    for (const caller of callers.filter((one) => one !== 'operator')) {
      const found = outcomeOf((await ask(caller, route, { id: nothing })).status);
      if (found !== operators[caller]) wrong.push(`${name} as ${caller}: ${found}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('an account is reached by its person’s browser alone, never by an app, a personal token or nobody', async () => {
  const wrong: string[] = [];
  const ofAccounts = (Object.entries(apiRoutes) as [ApiRouteName, ApiRoute][]).filter(([, { access }]) => access === 'person');
  assert.ok(ofAccounts.length > 50);
  for (const [name, route] of ofAccounts) {
    for (const caller of [...appCallers, 'anonymous'] as const) {
      const found = outcomeOf((await ask(caller, route, { id: nothing })).status);
      if (found !== 'unauthorized') wrong.push(`${name} as ${caller}: ${found}`);
    }
    // The operator's token is nobody's account.
    const byToken = outcomeOf((await server.call(route.method, route.path.replaceAll(/\{\w+\}/g, 'none'))).status);
    if (byToken !== 'forbidden') wrong.push(`${name} by the operator’s token: ${byToken}`);
  }
  assert.deepEqual(wrong, []);
});

test('of the past and the present an app is told what it was given, and nothing of what others gave the same app', async () => {
  const atMs = Date.now();
  await car.report([{ time: atMs, signals: { 'Vehicle.TraveledDistance': 4_321_987, 'Vehicle.Speed': 41 } }]);
  const told: Record<string, string[]> = {};
  for (const caller of appCallers) {
    told[caller] = [];
    for (const [name, wanted] of Object.entries(asks) as [ApiRouteName, Ask][]) {
      if (wanted.row[caller] === 'unauthorized' || name === 'streamPartner') continue;
      const { text } = await ask(caller, apiRoutes[name], wanted);
      const isNamed =
        text.includes(callingApps.appWithAll.vehicle) && caller === 'appWithout' && !text.includes('there is no vehicle');
      if (text.includes('4321987') || text.includes('4321.987') || isNamed) told[caller].push(name);
    }
  }
  assert.deepEqual(told, {
    appWithAll: ['readPartnerVehicle', 'readPartnerHistory', 'readPartnerMileage'],
    appWithOtherItem: [],
    appWithout: [],
  });
});

/** What was is told to who held the vehicle then, but for what its holder of now calls it. */
const isOfThePast = (name: ApiRouteName): boolean => name === 'readFleetReport' || name === 'readFleetAt';

test('what everybody may ask for tells of the own alone', async () => {
  const fromMs = Date.now();
  await car.report([{ time: fromMs, signals: { 'Vehicle.TraveledDistance': 5_000_000 } }]);
  const plain = (Object.entries(asks) as [ApiRouteName, Ask][]).filter(
    ([name, { row: wanted }]) => wanted === known && apiRoutes[name].method === 'GET',
  );
  for (const [name, wanted] of plain)
    for (const caller of signedIn) {
      const { text } = await ask(caller, apiRoutes[name], wanted);
      const isTold = text.includes(car.id) || text.includes('A 1') || text.includes('WVWZZZ1JZ00000001');
      const mayBeTold = caller === 'holder' || caller === 'driver' || caller === 'support' || caller === 'operator';
      assert.ok(
        !isTold || mayBeTold || (caller === 'former' && isOfThePast(name) && !text.includes('A 1')),
        `${name} tells ${caller}: ${text.slice(0, 300)}`,
      );
    }
  assert.ok((await ask('holder', apiRoutes.listVehicles, {})).text.includes(car.id), 'and it can tell');
});

test('personal tokens reach what their items say, and the own account never', async () => {
  const made = await server.ask('makeMyToken', {
    body: { name: 'reads', items: ['read'], days: 1 },
    headers: people.holder.headers,
  });
  assert.equal(made.status, 201, made.text);
  const authorization = `Bearer ${made.json.text}`;
  assert.equal((await server.call('GET', `/v1/vehicles/${car.id}`, undefined, { authorization })).status, 200);
  assert.equal((await server.call('PATCH', `/v1/vehicles/${car.id}`, { note: 'x' }, { authorization })).status, 403);
  assert.equal((await server.call('GET', '/v1/me', undefined, { authorization })).status, 403);
  assert.equal((await server.call('GET', '/v1/me', undefined, { authorization: `Bearer ${operatorToken}` })).status, 403);
});
