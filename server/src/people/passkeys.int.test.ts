import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiLimits } from '@milepost/contract/api';
import fc from 'fast-check';
import { sql } from 'kysely';
import { Secret, TOTP } from 'otpauth';
import { makeManualClock } from '../kernel/index.ts';
import { openTestStorage, type TestStorage } from '../storage/testing/test-storage.ts';
import { peopleActor } from './context.ts';
import type { NewSession, PasskeyAnswer, SignedIn, Session } from './index.ts';
import { peopleLimits } from './limits.ts';
import { codeOf, openTestPeople, type TestPeople } from './testing/open-test-people.ts';
import { makeAuthenticator, type SoftwareAuthenticator } from './testing/software-authenticator.ts';

const from = { address: '203.0.113.7', userAgent: 'Firefox on Linux' };
const origin = 'https://milepost.example';
const password = 'correct horse battery';
const browser = 'the-browser';
let database: TestStorage;
const clock = makeManualClock(Date.UTC(2027, 3, 22, 12));
let one: TestPeople;
let two: TestPeople;

before(async () => {
  database = await openTestStorage('passkeys');
  one = await openTestPeople(database.storage, clock);
  two = await openTestPeople(await database.openAnother(), clock);
});
after(async () => {
  await one.people.close();
  await two.people.close();
  await database.close();
});

type Browser = SignedIn & { readonly session: Session };
const browserOf = ({ signedIn }: NewSession): Browser => signedIn as Browser;

let networks = 0;
/** Nobody waits for what another test failed. */
const elsewhere = () => ({ ...from, address: `198.51.${Math.floor(++networks / 250)}.${networks % 250}` });

const signUp = async (email: string, name: string): Promise<Browser> => {
  await one.people.accounts.askSignUp(email, 'en', elsewhere());
  return browserOf(await one.people.accounts.signUp(one.codeFor(email), { name, password, language: null }, from));
};
const addPasskey = async (person: Browser, authenticator: SoftwareAuthenticator, name = 'Laptop') => {
  const { passkeys } = one.people;
  return passkeys.add(person, name, authenticator.make(await passkeys.askNew(person)), from);
};
const withPasskey = async (email: string, options?: { readonly counts: boolean }) => {
  const person = await signUp(email, 'Ana Ruiz');
  const authenticator = makeAuthenticator(origin, options);
  return { person, authenticator, passkey: await addPasskey(person, authenticator) };
};
const signIn = (answer: PasskeyAnswer, people = one, where = elsewhere()): Promise<NewSession> =>
  people.people.passkeys.signIn(answer, browser, where);
const acts = async (person: Browser): Promise<string[]> =>
  (await one.people.own.activity(person.person, null, 50)).map(({ act }) => act);

test('a passkey that was added lets its person in, on every process, without a second factor; its person is told', async () => {
  const { person, authenticator, passkey } = await withPasskey('ana@example.com');
  assert.deepEqual([one.mails.at(-1)?.to, one.mails.at(-1)?.subject], ['ana@example.com', 'A passkey was added to your account']);
  assert.match(one.mails.at(-1)?.text ?? '', /Laptop/);
  const { secret } = await one.people.own.startTotp(person.person);
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  await one.people.own.confirmTotp(person.person, app.generate({ timestamp: clock.now() }), from);
  const { value, signedIn } = await signIn(authenticator.answer(two.people.passkeys.askSignIn(browser)));
  assert.deepEqual([signedIn.session?.method, signedIn.person.passkeys, signedIn.person.id], ['passkey', 1, person.person.id]);
  assert.equal((await two.people.sessions.bySession(value, from.address))?.person.id, person.person.id);
  const [listed] = await one.people.passkeys.list(person.person);
  assert.deepEqual([listed?.id, listed?.name, listed?.lastUsedMs], [passkey.id, 'Laptop', clock.now()]);
  assert.deepEqual((await acts(person)).slice(0, 3), ['sign_in', 'totp_set', 'passkey_added']);
  await one.people.passkeys.rename(person.person, passkey.id, '  Phone ');
  await one.people.passkeys.remove(person.person, passkey.id, from);
  assert.match(one.mails.at(-1)?.text ?? '', /“Phone”/);
  assert.equal(await codeOf(signIn(authenticator.answer(one.people.passkeys.askSignIn(browser)))), 'unauthorized');
  assert.equal(await codeOf(one.people.passkeys.remove(person.person, passkey.id, from)), 'not_found');
});

test('an answer works once, soon, from the browser that was asked, and for what was asked', async () => {
  const { person, authenticator } = await withPasskey('bo@example.com', { counts: false });
  const { passkeys } = one.people;
  const answer = authenticator.answer(passkeys.askSignIn(browser));
  const both = await Promise.all([one, two].map((people) => codeOf(signIn(answer, people))));
  assert.deepEqual(both.sort(), ['done', 'unauthorized'], 'of two at once one is let in');
  assert.equal(await codeOf(signIn(answer)), 'unauthorized');
  const elsewhereAsked = authenticator.answer(passkeys.askSignIn('another-browser'));
  assert.equal(await codeOf(signIn(elsewhereAsked)), 'unauthorized');
  const toConfirm = authenticator.answer(await passkeys.askConfirmation(person));
  assert.equal(await codeOf(signIn(toConfirm)), 'unauthorized');
  assert.equal(
    await codeOf(passkeys.confirm(person, authenticator.answer(passkeys.askSignIn(browser)), elsewhere())),
    'unauthorized',
  );
  const late = authenticator.answer(passkeys.askSignIn(browser));
  clock.advance(peopleLimits.challengeLifetimeMs);
  assert.equal(await codeOf(signIn(late)), 'unauthorized');
  assert.equal(await codeOf(signIn(authenticator.answer(passkeys.askSignIn(browser)))), 'done');
});

test('an answer of another page, for another server, without its person, or in the name of another is refused', async () => {
  const { authenticator } = await withPasskey('cy@example.com', { counts: false });
  const ask = () => one.people.passkeys.askSignIn(browser);
  const wrong = [
    { origin: 'https://milepost.example.evil' },
    { origin: 'http://milepost.example' },
    { rpId: 'evil.example' },
    { isVerified: false },
    { isPresent: false },
    { type: 'webauthn.create' },
    { userHandle: Buffer.from('per_0000000000000000').toString('base64url') },
  ];
  for (const difference of wrong)
    assert.equal(await codeOf(signIn(authenticator.answer(ask(), difference))), 'unauthorized', JSON.stringify(difference));
  const stranger = makeAuthenticator(origin);
  stranger.make(await one.people.passkeys.askNew(await signUp('cy2@example.com', 'Cy Two')));
  assert.equal(await codeOf(signIn(stranger.answer(ask()))), 'unauthorized', 'it was made, and never added');
  const right = authenticator.answer(ask());
  assert.equal(await codeOf(signIn({ ...stranger.answer(ask()), id: right.id })), 'unauthorized', 'signed by another key');
  assert.equal(await codeOf(signIn(right)), 'done');
});

/** Where the two numbers of an ECDSA signature lie in its DER: what frames them may be read leniently, the numbers may not. */
const numbersOf = (der: Buffer): number[] => {
  const places: number[] = [];
  for (let start = 2; start < der.length; start += 2 + (der[start + 1] as number)) {
    const length = der[start + 1] as number;
    const padding = der[start + 2] === 0 ? 1 : 0;
    for (let i = padding; i < length; i++) places.push(start + 2 + i);
  }
  return places;
};

test('any changed byte of an answer is refused', async () => {
  const { authenticator } = await withPasskey('di@example.com');
  const parts = ['clientDataJSON', 'authenticatorData', 'signature', 'id'] as const;
  const change = fc.record({ part: fc.constantFrom(...parts), at: fc.nat(1000), by: fc.integer({ min: 1, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(change, async ({ part, at, by }) => {
      const answer = authenticator.answer(one.people.passkeys.askSignIn(browser));
      const bytes = Buffer.from(answer[part], 'base64url');
      const places = part === 'signature' ? numbersOf(bytes) : [...bytes.keys()];
      const index = places[at % places.length] as number;
      bytes[index] = (bytes[index] as number) ^ by;
      assert.equal(await codeOf(signIn({ ...answer, [part]: bytes.toString('base64url') })), 'unauthorized');
    }),
    { numRuns: 120 },
  );
  assert.equal(await codeOf(signIn(authenticator.answer(one.people.passkeys.askSignIn(browser)))), 'done');
});

test('a copy that signed less often is refused, its person is told, and the one that counts on goes on', async () => {
  const { person, authenticator } = await withPasskey('ed@example.com');
  const ask = () => one.people.passkeys.askSignIn(browser);
  await signIn(authenticator.answer(ask()));
  const copy = authenticator.copy();
  await signIn(authenticator.answer(ask()));
  assert.equal(await codeOf(signIn(copy.answer(ask()))), 'unauthorized');
  assert.equal(one.mails.at(-1)?.subject, 'A passkey of yours was refused');
  assert.equal((await acts(person))[0], 'passkey_refused');
  assert.equal(await codeOf(signIn(authenticator.answer(ask(), { counter: 0 }))), 'unauthorized', 'it counted before');
  assert.equal(await codeOf(signIn(authenticator.answer(ask()))), 'done');
});

test('a passkey that is added is of this page, of its person, and asked for by this session', async () => {
  const person = await signUp('fay@example.com', 'Fay Wong');
  const { passkeys } = one.people;
  const wrong = [{ origin: 'https://evil.example' }, { rpId: 'evil.example' }, { isVerified: false }, { type: 'webauthn.get' }];
  for (const difference of wrong) {
    const credential = makeAuthenticator(origin).make(await passkeys.askNew(person), difference);
    assert.equal(await codeOf(passkeys.add(person, 'Key', credential, from)), 'invalid_field', JSON.stringify(difference));
  }
  const other = await signUp('fay2@example.com', 'Fay Two');
  const authenticator = makeAuthenticator(origin);
  const credential = authenticator.make(await passkeys.askNew(other));
  assert.equal(await codeOf(passkeys.add(person, 'Key', credential, from)), 'invalid_field', 'another session was asked');
  const fresh = authenticator.make(await passkeys.askNew(other));
  assert.equal(await codeOf(passkeys.add(other, ' ', fresh, from)), 'invalid_field');
  await passkeys.add(other, 'Key', fresh, from);
  assert.equal(await codeOf(passkeys.add(other, 'Key', fresh, from)), 'invalid_field', 'its challenge was used');
  assert.deepEqual(await passkeys.list(person.person), []);
});

test('a passkey confirms who it is, and no other does', async () => {
  const { person, authenticator } = await withPasskey('gus@example.com');
  const other = await withPasskey('hal@example.com');
  const { passkeys } = one.people;
  clock.advance(peopleLimits.confirmedForMs + 1);
  assert.equal((await passkeys.askConfirmation(person)).credentials.length, 1);
  const foreign = other.authenticator.answer(await passkeys.askConfirmation(person));
  assert.equal(await codeOf(passkeys.confirm(person, foreign, elsewhere())), 'unauthorized');
  await passkeys.confirm(person, authenticator.answer(await passkeys.askConfirmation(person)), from);
  const [session] = await one.people.sessions.list(person.person.personNo);
  assert.equal(session?.confirmedMs, clock.now());
});

test('who has nothing but passkeys keeps one, whoever takes them away at once', async () => {
  const { person } = await withPasskey('kim@example.com');
  await database.storage.withActor(peopleActor, (tx) =>
    sql`update people set password_hash = null where person_no = ${person.person.personNo}`.execute(tx),
  );
  const remove = (people: TestPeople, id: string) => codeOf(people.people.passkeys.remove(person.person, id, from));
  for (let round = 0; round < 10; round++) {
    await addPasskey(person, makeAuthenticator(origin), 'Second');
    const [first, second] = await one.people.passkeys.list(person.person);
    const done = await Promise.all([remove(one, first?.id ?? ''), remove(two, second?.id ?? '')]);
    assert.deepEqual(done.sort(), ['done', 'in_use']);
    assert.equal((await one.people.passkeys.list(person.person)).length, 1);
  }
});

test('there are so many passkeys and no more, and a network that fails often waits', async () => {
  const { person, authenticator } = await withPasskey('ivy@example.com');
  for (let i = 1; i < apiLimits.passkeysMax - 1; i++) await addPasskey(person, makeAuthenticator(origin), `Key ${i}`);
  const last = await Promise.all([0, 1].map(() => codeOf(addPasskey(person, makeAuthenticator(origin)))));
  assert.deepEqual(last.sort(), ['done', 'in_use'], 'of two at once one is the last');
  const here = { ...from, address: '2001:db8::7' };
  const wrong = () => authenticator.answer(one.people.passkeys.askSignIn('another'));
  for (let i = 0; i < 50; i++) assert.equal(await codeOf(signIn(wrong(), one, here)), 'unauthorized');
  const right = () => authenticator.answer(one.people.passkeys.askSignIn(browser));
  assert.equal(await codeOf(signIn(right(), one, { ...here, address: '2001:db8::8' })), 'too_many_failures');
  assert.equal(await codeOf(signIn(right(), one, { ...here, address: '2001:db8:1::7' })), 'done');
});

test('used challenges are kept until they are over', async () => {
  const { authenticator } = await withPasskey('jo@example.com');
  await signIn(authenticator.answer(one.people.passkeys.askSignIn(browser)));
  clock.advance(peopleLimits.challengeLifetimeMs + 1);
  await one.people.tend();
  const { rows } = await database.storage.withActor(peopleActor, (tx) => sql`select from used_challenges`.execute(tx));
  assert.deepEqual(rows, []);
});
