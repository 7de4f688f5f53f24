import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { Secret, TOTP } from 'otpauth';
import { CallerError, makeManualClock } from '../kernel/index.ts';
import { openTestStorage, type TestStorage } from '../storage/testing/test-storage.ts';
import { until } from '../storage/testing/wait.ts';
import { peopleActor } from './context.ts';
import type { NewSession, SignedIn } from './index.ts';
import { peopleLimits } from './limits.ts';
import { listAudit, writeAudit } from '../audit/index.ts';
import { codeOf as codeOfKind, openTestPeople, type TestPeople, testPasswords } from './testing/open-test-people.ts';

const dayMs = 86_400_000;
const from = { address: '203.0.113.7', userAgent: 'Firefox on Linux' };
const password = 'correct horse battery';
let database: TestStorage;
let clock: ReturnType<typeof makeManualClock>;
let one: TestPeople;
let two: TestPeople;

before(async () => {
  database = await openTestStorage('people');
  clock = makeManualClock(Date.UTC(2027, 3, 22, 12));
  one = await openTestPeople(database.storage, clock);
  // Another process of the same installation.
  two = await openTestPeople(await database.openAnother(), clock);
});
after(async () => {
  await one.people.close();
  await two.people.close();
  await database.close();
});

const codeOf = (work: Promise<unknown>): Promise<string> => codeOfKind(work, CallerError);

const signUp = async (email: string, name: string): Promise<NewSession> => {
  await one.people.accounts.askSignUp(email, 'en', from);
  return one.people.accounts.signUp(one.codeFor(email), { name, password, language: null }, from);
};
const acts = async ({ person }: SignedIn): Promise<string[]> =>
  (await one.people.own.activity(person, null, 50)).map(({ act }) => act);

test('an account begins with a link that works once, and its session is known in every process', async () => {
  await one.people.accounts.askSignUp(' Ana@Example.com ', 'es-MX', from);
  const code = one.codeFor('ana@example.com');
  assert.match(one.mails.at(-1)?.subject ?? '', /Termine su cuenta/);
  assert.deepEqual(await one.people.accounts.readLink(code, 'sign_up'), { email: 'ana@example.com' });
  assert.equal(await codeOf(one.people.accounts.readLink(code, 'reset_password')), 'link_used');
  const account = { name: '  Ana   Ruiz ', password, language: 'es' };
  const { value, signedIn } = await one.people.accounts.signUp(code, account, from);
  assert.deepEqual([signedIn.person.name, signedIn.person.isEmailVerified, signedIn.memberships], ['Ana Ruiz', true, []]);
  assert.equal(await codeOf(one.people.accounts.signUp(code, account, from)), 'link_used');
  for (const { people } of [one, two])
    assert.equal((await people.sessions.bySession(value, from.address))?.person.id, signedIn.person.id);
  const { rows } = await database.storage.withActor(peopleActor, (tx) =>
    sql<{ text: string }>`select encode(digest, 'base64') || coalesce(user_agent, '') as text from person_sessions`.execute(tx),
  );
  assert.equal(
    rows.some(({ text }) => text.includes(value)),
    false,
    'the value is nowhere',
  );
});

test('an address that has an account gets the same answer, and a mail that says so', async () => {
  const count = one.mails.length;
  await one.people.accounts.askSignUp('ana@example.com', 'en', from);
  assert.equal(one.mails.length, count + 1);
  assert.match(one.mails.at(-1)?.subject ?? '', /Ya tiene/, 'in the language of the account');
  assert.equal(await codeOf(one.people.accounts.askSignUp('no address', null, from)), 'invalid_field');
});

test('of two who finish the same link one gets the account', async () => {
  await one.people.accounts.askSignUp('twice@example.com', 'en', from);
  const code = one.codeFor('twice@example.com');
  const finish = (people: TestPeople): Promise<string> =>
    codeOf(people.people.accounts.signUp(code, { name: 'Twice', password, language: null }, from));
  assert.deepEqual((await Promise.all([finish(one), finish(two)])).sort(), ['done', 'link_used']);
});

test('a wrong password, an unknown name and a wrong code are told the same; after five from one network it waits, from elsewhere not', async () => {
  await signUp('bo@example.com', 'Bo Lind');
  const tryIt = (login: string, text: string, address = '198.51.100.9'): Promise<string> =>
    codeOf(one.people.signIn.signIn({ login, password: text }, { ...from, address }));
  assert.equal(await tryIt('nobody@example.com', password), 'unauthorized');
  for (let i = 0; i < 5; i++) assert.equal(await tryIt('BO@example.com', 'wrong horse battery'), 'unauthorized');
  assert.equal(await tryIt('bo@example.com', password), 'too_many_failures', 'not even told that it is right');
  assert.equal(await tryIt('bo@example.com', password, '192.0.2.44'), 'done');
  clock.advance(15 * 60_000 + 1);
  assert.equal(await tryIt('bo@example.com', password), 'done');
  const guesses = [...Array.from({ length: 30 }, (_, i) => `wrong horse ${i}`), password];
  const answers = await Promise.all(guesses.map((guess) => tryIt('bo@example.com', guess, '198.51.100.10')));
  assert.equal(answers.filter((answer) => answer === 'unauthorized').length, 5, 'not more when all come at once');
  assert.equal(answers.at(-1), 'too_many_failures', 'nor is the right one among too many found');
});

test('a second factor is asked for, and each code works once', async () => {
  const { signedIn } = await signUp('cy@example.com', 'Cy Young');
  const { secret } = await one.people.own.startTotp(signedIn.person);
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  const code = (): string => app.generate({ timestamp: clock.now() });
  const ask = { login: 'cy@example.com', password };
  assert.equal((await one.people.signIn.signIn(ask, from)).signedIn.session?.method, 'password', 'it counts once confirmed');
  assert.equal(await codeOf(one.people.own.confirmTotp(signedIn.person, '000000', from)), 'invalid_field');
  await one.people.own.confirmTotp(signedIn.person, code(), from);
  assert.equal(await codeOf(one.people.signIn.signIn(ask, from)), 'second_factor_needed');
  assert.equal(await codeOf(one.people.signIn.signIn({ ...ask, code: code() }, from)), 'unauthorized', 'it confirmed already');
  clock.advance(30_000);
  const both = await Promise.all([one, two].map(({ people }) => codeOf(people.signIn.signIn({ ...ask, code: code() }, from))));
  assert.deepEqual(both.sort(), ['done', 'unauthorized'], 'of two at once one is let in');
  const { person } = signedIn;
  assert.equal(await codeOf(one.people.own.startTotp({ ...person, hasTotp: true })), 'already_exists');
  assert.deepEqual((await acts(signedIn)).includes('totp_set'), true);
});

test('a session ends at once in every process, by its person, a new password, or time', async () => {
  const first = await signUp('di@example.com', 'Di Marsh');
  const { person } = first.signedIn;
  const second = await one.people.signIn.signIn({ login: person.email, password }, { ...from, userAgent: 'x'.repeat(1000) });
  const isKnown = async (people: TestPeople, { value }: NewSession): Promise<boolean> =>
    (await people.people.sessions.bySession(value, from.address)) !== undefined;
  for (const people of [one, two]) for (const session of [first, second]) assert.equal(await isKnown(people, session), true);
  const listed = await one.people.sessions.list(person.personNo);
  assert.deepEqual(
    listed.map(({ userAgent }) => userAgent.length).sort((a, b) => b - a),
    [256, from.userAgent.length],
  );
  assert.equal(await two.people.sessions.end(person.personNo, { id: second.signedIn.session?.id as string }, from), 1);
  assert.equal(await isKnown(two, second), false);
  await until('the other process has heard', async () => !(await isKnown(one, second)));

  const third = await one.people.signIn.signIn({ login: person.email, password }, from);
  await one.people.own.changePassword(third.signedIn, 'another horse battery', from);
  assert.equal(await isKnown(one, third), true, 'the one that changed it stays');
  assert.equal(await isKnown(one, first), false);
  assert.match(one.mails.at(-1)?.subject ?? '', /password was changed/);
  clock.advance(peopleLimits.sessionIdleMs + 1);
  assert.equal(await isKnown(one, third), false);
});

test('a session that is used goes on, but not for ever', async () => {
  const { value } = await signUp('ed@example.com', 'Ed Snow');
  const find = () => one.people.sessions.bySession(value, '192.0.2.1');
  let days = 0;
  while ((await find()) !== undefined && days < 400) {
    clock.advance(20 * dayMs);
    days += 20;
  }
  assert.equal(days, peopleLimits.sessionLifetimeMs / dayMs);
});

test('a reset ends sessions and tokens, and its link lives an hour', async () => {
  const session = await signUp('fay@example.com', 'Fay Wong');
  const { person } = session.signedIn;
  const { text } = await one.people.own.makeToken(person, { name: 'Export', items: ['read'], days: 30 }, from);
  assert.equal((await two.people.sessions.byToken(text))?.person.id, person.id);
  await one.people.accounts.askReset('fay@example.com', null, from);
  const late = one.codeFor('fay@example.com');
  clock.advance(peopleLimits.resetLifetimeMs);
  assert.equal(await codeOf(one.people.accounts.reset(late, 'a newer horse battery', from)), 'link_used');
  await one.people.accounts.askReset('fay@example.com', null, from);
  const code = one.codeFor('fay@example.com');
  assert.equal(await codeOf(one.people.accounts.reset(code, 'short', from)), 'invalid_field');
  await one.people.accounts.reset(code, 'a newer horse battery', from);
  assert.equal(await one.people.sessions.bySession(session.value, from.address), undefined);
  await until('the token is forgotten everywhere', async () => (await two.people.sessions.byToken(text)) === undefined);
  assert.equal(await codeOf(one.people.signIn.signIn({ login: 'fay@example.com', password }, from)), 'unauthorized');
  assert.equal(
    await codeOf(one.people.signIn.signIn({ login: 'fay@example.com', password: 'a newer horse battery' }, from)),
    'done',
  );
  await one.people.accounts.askReset('stranger@example.com', 'de', from);
  assert.match(one.mails.at(-1)?.subject ?? '', /Kein Milepost-Konto/);
});

test('what was asked for with the old password is over with it: a new address, a sign-in under way', async () => {
  const elsewhere = { ...from, address: '198.51.100.77' };
  const { signedIn } = await signUp('hob@example.com', 'Hob Moss');
  const ask = { login: 'hob@example.com', password };
  await one.people.accounts.askEmailChange(signedIn.person, 'thief@example.com', elsewhere);
  const link = one.codeFor('thief@example.com');
  await one.people.accounts.askReset('hob@example.com', null, elsewhere);
  const reset = one.codeFor('hob@example.com');
  // Their password was found to fit, and nothing is written yet.
  const fits = testPasswords.fits.bind(testPasswords);
  const held = async (...of: Parameters<typeof fits>): Promise<boolean> => {
    const isFitting = await fits(...of);
    Object.assign(testPasswords, { fits });
    await one.people.accounts.reset(reset, 'a newer horse battery', elsewhere);
    return isFitting;
  };
  Object.assign(testPasswords, { fits: held });
  assert.equal(await codeOf(one.people.signIn.signIn(ask, elsewhere)), 'unauthorized');
  assert.equal(await codeOf(one.people.accounts.changeEmail(link, elsewhere)), 'link_used');

  const { signedIn: again } = await one.people.signIn.signIn({ ...ask, password: 'a newer horse battery' }, elsewhere);
  await one.people.accounts.askEmailChange(again.person, 'thief@example.com', elsewhere);
  const second = one.codeFor('thief@example.com');
  await one.people.own.changePassword(again, 'the newest horse battery', elsewhere);
  assert.equal(await codeOf(one.people.accounts.changeEmail(second, elsewhere)), 'link_used');

  await one.people.accounts.askReset('hob@example.com', null, elsewhere);
  const old = one.codeFor('hob@example.com');
  await one.people.accounts.askEmailChange(again.person, 'hob.moss@example.com', elsewhere);
  await one.people.accounts.changeEmail(one.codeFor('hob.moss@example.com'), elsewhere);
  assert.equal(await codeOf(one.people.accounts.reset(old, 'a thief’s horse battery', elsewhere)), 'link_used');
});

test('an address changes when its new mailbox says so, and the old one is told', async () => {
  const { signedIn } = await signUp('gus@example.com', 'Gus Bell');
  await one.people.accounts.askEmailChange(signedIn.person, 'gus.bell@example.com', from);
  const code = one.codeFor('gus.bell@example.com');
  assert.equal(await codeOf(one.people.signIn.signIn({ login: 'gus.bell@example.com', password }, from)), 'unauthorized');
  await one.people.accounts.changeEmail(code, from);
  assert.deepEqual([one.mails.at(-1)?.to, one.mails.at(-1)?.text.includes('gus.bell@example.com')], ['gus@example.com', true]);
  assert.equal(await codeOf(one.people.signIn.signIn({ login: 'gus.bell@example.com', password }, from)), 'done');
  assert.equal(await codeOf(one.people.accounts.changeEmail(code, from)), 'link_used');
  await one.people.accounts.askEmailChange(signedIn.person, 'ana@example.com', from);
  assert.match(one.mails.at(-1)?.subject ?? '', /has an account already/);
});

test('an act years after the log was tended last is in the log', async () => {
  const later = makeManualClock(Date.UTC(2031, 4, 1));
  await database.storage.withActor(peopleActor, (tx) =>
    writeAudit(tx, { act: 'sign_out', personNo: null, subject: 'later' }, later.now()),
  );
  const events = await database.storage.withActor(peopleActor, (tx) =>
    listAudit(tx, { subjectPersonNo: null, beforeNo: null, fromMs: later.now(), limit: 10 }),
  );
  assert.deepEqual(
    events.map(({ act, atMs }) => [act, atMs]),
    [['sign_out', later.now()]],
  );
});

test('the first operator is made once, by whoever is first', async () => {
  assert.equal(await one.people.accounts.hasOperator(), false);
  const demo = await one.people.accounts.letInDemo('operator', from);
  assert.deepEqual(
    demo.signedIn.memberships.map(({ role }) => role),
    ['operator'],
  );
  assert.equal(await one.people.accounts.hasOperator(), false, 'one who cannot sign in keeps nobody out');
  const make = (people: TestPeople, email: string): Promise<string> =>
    codeOf(people.people.accounts.makeFirstOperator(email, { name: 'Root', password, language: null }, async () => {}, from));
  assert.deepEqual((await Promise.all([make(one, 'op1@example.com'), make(two, 'op2@example.com')])).sort(), [
    'already_exists',
    'done',
  ]);
  assert.equal(await two.people.accounts.hasOperator(), true);
});

test('mails asked for are counted by network and address, before anything is looked up', async () => {
  const ask = (email: string, address: string) => codeOf(one.people.accounts.askReset(email, null, { ...from, address }));
  for (let i = 0; i < 5; i++) assert.equal(await ask('hal@example.com', `198.51.100.${i}`), 'done');
  assert.equal(await ask('hal@example.com', '198.51.100.99'), 'too_many_requests');
  for (let i = 0; i < 20; i++) assert.equal(await ask(`p${i}@example.com`, '192.0.2.200'), 'done');
  assert.equal(await ask('p21@example.com', '192.0.2.201'), 'done');
  assert.equal(await ask('p22@example.com', '192.0.2.200'), 'too_many_requests');
});

test('row-level security: a person reaches nothing of another, whatever a query asks for', async () => {
  const { signedIn } = await signUp('ivy@example.com', 'Ivy Hall');
  const tables = ['people', 'person_sessions', 'access_tokens', 'passkeys', 'memberships'] as const;
  for (const table of tables) {
    const { rows } = await database.storage.withActor({ kind: 'person', id: String(signedIn.person.personNo) }, (tx) =>
      sql<{ personNo: number }>`select person_no as "personNo" from ${sql.table(table)}`.execute(tx),
    );
    assert.deepEqual(
      rows.filter(({ personNo }) => personNo !== signedIn.person.personNo),
      [],
      table,
    );
  }
  const asIvy = { kind: 'person', id: String(signedIn.person.personNo) } as const;
  await database.storage.withActor(asIvy, (tx) => sql`update people set name = 'x' where email = 'ana@example.com'`.execute(tx));
  assert.equal((await one.people.signIn.signIn({ login: 'ana@example.com', password }, from)).signedIn.person.name, 'Ana Ruiz');
  await assert.rejects(
    database.storage.withActor(asIvy, (tx) =>
      sql`insert into memberships values (1, ${signedIn.person.personNo}, 'operator', now())`.execute(tx),
    ),
    /row-level security/,
  );
});

test('the audit log is kept in months, which are made ahead and dropped whole', async () => {
  const months = async (): Promise<string[]> => {
    const { rows } = await database.storage.withActor(peopleActor, (tx) =>
      sql<{ name: string }>`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'audit_events'::regclass order by 1`.execute(tx),
    );
    return rows.map(({ name }) => name.slice('audit_events_'.length));
  };
  await one.people.tend();
  const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7).replace('-', '_');
  const made = await months();
  assert.ok(made.includes(monthOf(clock.now())) && made.includes(monthOf(clock.now() + 45 * dayMs)), made.join());
  clock.advance(500 * dayMs);
  await one.people.tend();
  const left = await months();
  assert.ok(
    left.every((month) => month >= monthOf(clock.now() - 400 * dayMs)),
    left.join(),
  );
  await signUp('jo@example.com', 'Jo March');
});
