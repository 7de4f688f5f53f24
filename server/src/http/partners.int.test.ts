import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiRouteName, PartnerView, RouteBody } from '@milepost/contract/api';
import { sql } from 'kysely';
import { silentLogger } from '../kernel/index.ts';
import { peopleLimits } from '../people/index.ts';
import { openPartners, partnerLimits, secretDigestOf } from '../partners/index.ts';
import { until } from '../storage/testing/wait.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import { type Answered, type Asked, signUpIn, type TestBrowser } from './testing/test-browser.ts';

const clock = makeSettableClock(Date.UTC(2026, 10, 22, 12));
let server: TestServer;
let ada: TestBrowser;
let bob: TestBrowser;
let partner: PartnerView;

before(async () => {
  server = await openTestServer('http-partners', {}, { clock });
  ada = await signUpIn(server, 'ada@example.com', 'Ada Byron');
  bob = await signUpIn(server, 'bob@example.com', 'Bob Ross');
  const made = await ada.ask('makePartner', { body: { name: ' Volt  Insurance ' } });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  partner = made.json;
});
after(() => server.close());

type NewApp = RouteBody<'makePartnerApp'>;
const appOf = (changes: Partial<NewApp> = {}): NewApp => ({
  name: 'Volt Drive',
  about: 'Pays back what careful driving saves.',
  homepage: 'https://volt.example',
  privacyPage: 'https://volt.example/privacy',
  environment: 'live',
  redirectAddresses: ['https://volt.example/back'],
  items: [
    { item: 'mileage', reason: 'The price follows how far you drive.' },
    { item: 'position', reason: 'Whether it is parked off the street.', place: 'about1km', time: 'hour' },
  ],
  ...changes,
});

const makeApp = async (changes: Partial<NewApp> = {}): Promise<Answered<'makePartnerApp'>> =>
  ada.ask('makePartnerApp', { params: { id: partner.id }, body: appOf(changes) });

test('who makes a partner is its administrator, and sees it among the own memberships at once', async () => {
  assert.deepEqual([partner.name, partner.role, partner.apps], ['Volt Insurance', 'administrator', []]);
  const { memberships } = (await ada.ask('readMe')).json;
  assert.deepEqual(
    memberships.map(({ kind, role, organisationId }) => [kind, role, organisationId]),
    [['partner', 'administrator', partner.id]],
  );
  assert.equal((await bob.ask('makePartner', { body: { name: 'Volt Insurance' } })).json.code, 'already_exists');
  assert.deepEqual((await ada.ask('listVehicles')).json.items, [], 'a partner holds no vehicle');
  assert.equal((await ada.ask('listDevices')).status, 403, 'and is no operator');
  assert.equal((await ada.ask('listApps')).status, 403, 'a partner is no operator');
});

test('a sandbox app works at once, a live one waits until an operator approves it', async () => {
  const sandbox = await makeApp({ environment: 'sandbox', redirectAddresses: ['http://127.0.0.1:3000/back'] });
  assert.deepEqual([sandbox.status, sandbox.json.state], [201, 'active'], JSON.stringify(sandbox.json));
  const live = await makeApp();
  assert.equal(live.json.state, 'waiting');
  assert.deepEqual(live.json.items[1], {
    item: 'position',
    reason: 'Whether it is parked off the street.',
    place: 'about1km',
    time: 'hour',
  });
  assert.equal((await makeApp()).json.code, 'already_exists');
  const { json } = await server.ask('listApps', { query: { state: 'waiting' } });
  assert.deepEqual(
    json.items.map(({ id, partner: { name } }) => [id, name]),
    [[live.json.id, 'Volt Insurance']],
  );
  assert.equal((await ada.ask('approveApp', { params: { id: live.json.id } })).status, 403);
  assert.equal((await server.ask('approveApp', { id: live.json.id })).status, 204);
  assert.equal(server.partners.directory.find(live.json.id)?.state, 'active');
  assert.equal(
    (await server.ask('suspendApp', { id: live.json.id, body: { reason: 'It asks for more than it says.' } })).status,
    204,
  );
  const read = await ada.ask('readPartnerApp', { params: { id: partner.id, app: live.json.id } });
  assert.deepEqual([read.json.state, read.json.suspendedFor], ['suspended', 'It asks for more than it says.']);
  assert.equal((await server.ask('approveApp', { id: 'app_none' })).status, 404);
  assert.equal((await ada.ask('endPartnerApp', { params: { id: partner.id, app: live.json.id } })).status, 204);
  assert.equal(server.partners.directory.find(live.json.id), undefined);
});

test('what an app says is checked: addresses as they will be compared, items of the vocabulary, each once', async () => {
  const wrong: readonly [Partial<NewApp>, string][] = [
    [{ redirectAddresses: ['http://volt.example/back'] }, 'redirectAddresses[0]'],
    [{ redirectAddresses: ['http://127.0.0.1/back'] }, 'redirectAddresses[0]'],
    [{ redirectAddresses: ['https://volt.example/back#here'] }, 'redirectAddresses[0]'],
    [{ redirectAddresses: ['https://volt.example/*'] }, 'redirectAddresses[0]'],
    [{ redirectAddresses: ['https://me@volt.example/'] }, 'redirectAddresses[0]'],
    [{ redirectAddresses: ['https://volt.example/a/../b'] }, 'redirectAddresses[0]'],
    [{ redirectAddresses: ['https://VOLT.example/b'] }, 'redirectAddresses[0]'],
    [{ environment: 'sandbox', redirectAddresses: ['http://volt.example/back'] }, 'redirectAddresses[0]'],
    [{ homepage: 'javascript:alert(1)' }, 'homepage'],
    [{ pingAddress: 'http://169.254.169.254/' }, 'pingAddress'],
    [{ items: [{ item: 'everything', reason: 'x' }] }, 'items[0].item'],
    [{ items: [{ item: 'mileage', reason: 'x', place: 'about1km' }] }, 'items[0].place'],
    [
      {
        items: [
          { item: 'mileage', reason: 'x' },
          { item: 'mileage', reason: 'y' },
        ],
      },
      'items[1].item',
    ],
    [{ about: 'a\u0007b' }, 'about'],
  ];
  for (const [changes, field] of wrong) {
    const { status, json } = await makeApp({ name: 'Wrong', ...changes });
    assert.deepEqual([status, json.code, json.field], [400, 'invalid_field', field], JSON.stringify(changes));
  }
  const app = await makeApp({ name: 'Paths', items: [{ item: 'Vehicle.Speed', reason: 'How fast.' }] });
  assert.equal(app.status, 201, JSON.stringify(app.json));
  const params = { id: partner.id, app: app.json.id };
  const changed = await ada.ask('changePartnerApp', {
    params,
    body: { pingAddress: 'https://volt.example/ping', about: 'Else.' },
  });
  assert.deepEqual(
    [changed.json.pingAddress, changed.json.about, changed.json.name],
    ['https://volt.example/ping', 'Else.', 'Paths'],
  );
  assert.equal((await ada.ask('changePartnerApp', { params, body: { pingAddress: null } })).json.pingAddress, null);

  const [about, homepage] = ['Of two at once.', 'https://volt.example/home'];
  await Promise.all([{ about }, { homepage }].map((body) => ada.ask('changePartnerApp', { params, body })));
  const { json } = await ada.ask('readPartnerApp', { params });
  assert.deepEqual([json.about, json.homepage], [about, homepage], 'neither change is lost');
});

test('terms of a purpose are never changed: another text is the next version', async () => {
  const app = (await makeApp({ name: 'Purposes' })).json;
  const params = { id: partner.id, app: app.id, purpose: 'insurance' };
  const declare = (terms: string) => ada.ask('declarePurpose', { params, body: { language: 'en', terms } });
  assert.equal((await declare('We set your price by it.')).json.version, 1);
  assert.equal((await declare('We set your price by it.')).json.version, 1);
  assert.equal((await declare('We set your price by it, and nothing else.')).json.version, 2);
  const read = await ada.ask('readPartnerApp', { params });
  assert.deepEqual(
    read.json.purposes.map(({ purpose, version }) => [purpose, version]),
    [['insurance', 2]],
  );
  assert.equal((await server.partners.apps.readPurpose(app.id, 'insurance', 1))?.terms, 'We set your price by it.');
});

test('two secrets live at a time, shown once; one is made only after the password was given', async () => {
  const app = (await makeApp({ name: 'Secrets' })).json;
  const params = { id: partner.id, app: app.id };
  clock.set(clock.now() + peopleLimits.confirmedForMs + 1);
  assert.equal((await ada.ask('makeAppSecret', { params })).json.code, 'confirmation_needed');
  assert.equal((await ada.ask('confirmMe', { body: { password: 'correct horse battery' } })).status, 204);
  const [one, two] = [await ada.ask('makeAppSecret', { params }), await ada.ask('makeAppSecret', { params })];
  assert.deepEqual([one.status, two.status], [201, 201]);
  assert.match(one.json.text, /^mps_[\w-]{43}$/);
  assert.equal((await ada.ask('makeAppSecret', { params })).json.code, 'in_use');
  const at = () => (server.partners.directory.find(app.id)?.secrets ?? []).map(({ digest }) => digest);
  assert.deepEqual(
    at(),
    [one, two].map(({ json }) => secretDigestOf(json.text).toString('base64')),
  );
  const { json } = await ada.ask('readPartnerApp', { params });
  assert.equal(JSON.stringify(json).includes(one.json.text), false);
  assert.equal((await ada.ask('endAppSecret', { params: { ...params, secret: one.json.secret.id } })).status, 204);
  assert.equal((await ada.ask('endAppSecret', { params: { ...params, secret: one.json.secret.id } })).status, 404);
  assert.equal(at().length, partnerLimits.secretsPerAppMax - 1);
});

test('people of another partner, operators’ tokens and strangers reach nothing of it', async () => {
  const app = (await makeApp({ name: 'Closed' })).json;
  assert.equal((await bob.ask('confirmMe', { body: { password: 'correct horse battery' } })).status, 204);
  const own = (await bob.ask('makePartner', { body: { name: 'Bob & Co' } })).json;
  const params = { id: partner.id, app: app.id, secret: 'sec_x', purpose: 'insurance' };
  const calls: readonly [ApiRouteName, Asked<ApiRouteName>][] = [
    ['readPartner', {}],
    ['makePartnerApp', { body: appOf({ name: 'Foreign' }) as never }],
    ['readPartnerApp', {}],
    ['changePartnerApp', { body: { about: 'Mine.' } as never }],
    ['endPartnerApp', {}],
    ['declarePurpose', { body: { language: 'en', terms: 'x' } as never }],
    ['makeAppSecret', {}],
    ['endAppSecret', {}],
  ];
  for (const [name, asked] of calls) {
    const answer = await bob.ask(name, { ...asked, params });
    assert.deepEqual([answer.status, (answer.json as { code?: string }).code], [404, 'not_found'], name);
    // Under the own partner the app of another is not there either.
    if (name !== 'readPartner' && name !== 'makePartnerApp')
      assert.equal((await bob.ask(name, { ...asked, params: { ...params, id: own.id } })).status, 404, name);
  }
  assert.equal((await server.ask('readPartner', { id: partner.id })).status, 403, 'an account is reached in a browser alone');
});

test('an administrator brings in a developer, who does the same but for the members; the last administrator stays', async () => {
  const cleo = await signUpIn(server, 'cleo@example.com', 'Cleo Day');
  const body = { email: 'cleo@example.com', role: 'developer' } as const;
  assert.equal((await cleo.ask('addMember', { params: { id: partner.id }, body })).status, 404);
  const added = await ada.ask('addMember', { params: { id: partner.id }, body });
  assert.equal(added.json.outcome, 'added', JSON.stringify(added.json));
  const read = await cleo.ask('readPartner', { params: { id: partner.id } });
  assert.deepEqual([read.json.role, read.json.apps.length > 0], ['developer', true]);
  const made = await cleo.ask('makePartnerApp', { params: { id: partner.id }, body: appOf({ name: 'By a developer' }) });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  const { items } = (await ada.ask('listMembers', { params: { id: partner.id } })).json;
  const own = items.find(({ isYou }) => isYou)?.personId ?? '';
  const params = { id: partner.id, person: own };
  assert.equal((await cleo.ask('removeMember', { params })).status, 403);
  assert.equal((await ada.ask('removeMember', { params })).json.code, 'in_use');
  assert.equal((await ada.ask('changeMember', { params, body: { role: 'developer' } })).json.code, 'in_use');
});

test('row-level security alone keeps a partner from what is of another', async () => {
  const personNo = Number(
    (
      await server.people.signIn.signIn(
        { login: 'bob@example.com', password: 'correct horse battery' },
        { address: '127.0.0.1', userAgent: '' },
      )
    ).signedIn.person.personNo,
  );
  const count = (kind: 'person' | 'system', id: string): Promise<number[]> =>
    server.storage.withActor({ kind, id }, async (tx) => {
      const tables = ['partner_apps', 'app_purposes', 'app_secrets'];
      const counts: number[] = [];
      for (const table of tables) {
        const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}`.execute(tx);
        counts.push(rows[0]?.n ?? -1);
      }
      return counts;
    });
  assert.deepEqual(await count('person', String(personNo)), [0, 0, 0]);
  assert.ok((await count('system', 'test')).every((n) => n > 0));
  const stolen = server.storage.withActor({ kind: 'person', id: String(personNo) }, (tx) =>
    sql`insert into app_secrets (digest, id, app_no, created_at) select sha256('x'), 'sec_stolen', 1, now()`.execute(tx),
  );
  await assert.rejects(stolen, /row-level security/);
});

test('another process hears of a suspension', async () => {
  const app = (await makeApp({ name: 'Heard' })).json;
  const partners = await openPartners({ storage: server.storage, vocabulary: () => assert.fail(), clock, logger: silentLogger });
  assert.equal(partners.directory.find(app.id)?.state, 'waiting');
  assert.equal((await server.ask('suspendApp', { id: app.id, body: { reason: 'No.' } })).status, 204);
  await until('the suspension', () => partners.directory.find(app.id)?.state === 'suspended');
  assert.equal(partners.isCurrent(), true);
  await partners.close();
});
