import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeManualClock } from '../kernel/index.ts';
import { openTestStorage, type TestStorage } from '../storage/testing/test-storage.ts';
import type { NewSession, Session, SignedIn } from './index.ts';
import { peopleLimits } from './limits.ts';
import { openOpenidProvider, type TestOpenidProvider } from './testing/openid-provider.ts';
import { codeOf, openTestPeople, type TestPeople } from './testing/open-test-people.ts';

const from = { address: '203.0.113.7', userAgent: 'Firefox on Linux' };
const password = 'correct horse battery';
// The provider keeps to the real time.
const clock = makeManualClock(Date.now());
let database: TestStorage;
let corp: TestOpenidProvider;
let people: TestPeople;

before(async () => {
  database = await openTestStorage('outside');
  corp = await openOpenidProvider('https://milepost.example/outside');
  people = await openTestPeople(database.storage, clock, [corp.provider]);
});
after(async () => {
  await people?.people.close();
  await corp?.close();
  await database?.close();
});

type Browser = SignedIn & { readonly session: Session };
const signUp = async (email: string): Promise<Browser> => {
  await people.people.accounts.askSignUp(email, 'en', from);
  const made = await people.people.accounts.signUp(people.codeFor(email), { name: 'Ana', password, language: null }, from);
  return made.signedIn as Browser;
};
/** There and back. */
const errandOf = async (subject: string, person?: Browser) => {
  const { url, errand } = await people.people.outside.begin('corp', '/vehicles', person);
  return { errand, back: await corp.visit(url, subject) };
};
const enter = async (subject: string): Promise<NewSession> => {
  const { errand, back } = await errandOf(subject);
  const { session, to } = await people.people.outside.finish(errand, back.search.slice(1), undefined, from);
  assert.ok(session && to === '/vehicles');
  return session;
};

test('somebody whom only the provider knows gets an account, and is known again whatever the address is later', async () => {
  corp.accounts.set('sub-bo', { email: 'Bo@Corp.example', isVerified: true, name: 'Bo Lind' });
  const { signedIn } = await enter('sub-bo');
  const { person, session } = signedIn;
  assert.deepEqual(
    [person.name, person.email, person.isEmailVerified, person.hasPassword, person.language, session?.method],
    ['Bo Lind', 'bo@corp.example', true, false, 'es', 'outside'],
  );
  corp.accounts.set('sub-bo', { email: 'bo.new@corp.example', isVerified: false, name: 'Bo' });
  assert.equal((await enter('sub-bo')).signedIn.person.id, person.id);
  const acts = (await people.people.own.activity(person, null, 10)).map(({ act }) => act);
  assert.deepEqual(acts, ['sign_in', 'sign_in', 'account_made']);
  const [identity] = await people.people.outside.list(person);
  assert.equal(await codeOf(people.people.outside.unlink(person, identity?.id ?? '', from)), 'in_use', 'the only way in');
});

test('an account with the same address is not taken over: its person links it, and then it lets in', async () => {
  const ana = await signUp('ana@example.com');
  corp.accounts.set('sub-ana', { email: 'ana@example.com', isVerified: true, name: 'Ana' });
  assert.equal(await codeOf(enter('sub-ana')), 'already_exists');
  const { errand, back } = await errandOf('sub-ana', ana);
  const query = back.search.slice(1);
  assert.equal(await codeOf(people.people.outside.finish(errand, query, undefined, from)), 'link_used', 'nobody is signed in');
  const other = await signUp('eve@example.com');
  assert.equal(await codeOf(people.people.outside.finish(errand, query, other, from)), 'link_used', 'somebody else is');
  const { session } = await people.people.outside.finish(errand, query, ana, from);
  assert.equal(session, undefined);
  assert.equal(people.mails.at(-1)?.subject, 'Another way into your account');
  assert.equal((await enter('sub-ana')).signedIn.person.id, ana.person.id);
  const again = await errandOf('sub-ana', other);
  const taken = people.people.outside.finish(again.errand, again.back.search.slice(1), other, from);
  assert.equal(await codeOf(taken), 'in_use', 'one account of the provider is one account here');
  const [identity] = await people.people.outside.list(ana.person);
  await people.people.outside.unlink(ana.person, identity?.id ?? '', from);
  assert.equal(await codeOf(enter('sub-ana')), 'already_exists');
});

test('without an address that the provider has verified there is no account', async () => {
  corp.accounts.set('sub-cy', { email: 'cy@example.com', isVerified: false, name: 'Cy' });
  assert.equal(await codeOf(enter('sub-cy')), 'forbidden');
});

test('what comes back is for the browser that went, with its own state, once, and soon', async () => {
  corp.accounts.set('sub-di', { email: 'di@example.com', isVerified: true, name: 'Di' });
  const finish = (errand: string, query: string) =>
    codeOf(people.people.outside.finish(errand, query, undefined, { ...from, address: '203.0.113.8' }));
  const [one, two] = [await errandOf('sub-di'), await errandOf('sub-di')];
  const query = one.back.search.slice(1);
  assert.equal(await finish(two.errand, query), 'unauthorized', 'the errand of another browser');
  const changed = new URLSearchParams(query);
  changed.set('state', 'another');
  assert.equal(await finish(one.errand, changed.toString()), 'unauthorized');
  assert.equal(await finish(one.errand, query.replace(/iss=[^&]*/, 'iss=https%3A%2F%2Fevil.example')), 'unauthorized');
  assert.equal(await finish(`${one.errand.slice(0, -4)}AAAA`, query), 'link_used');
  assert.equal(await finish('', query), 'link_used');
  assert.equal(await finish(one.errand, 'error=access_denied'), 'unauthorized');
  assert.equal(await finish(one.errand, query), 'done');
  assert.equal(await finish(one.errand, query), 'unauthorized', 'its code was used');
  const late = await errandOf('sub-di');
  clock.advance(peopleLimits.outsideErrandMs);
  assert.equal(await finish(late.errand, late.back.search.slice(1)), 'link_used');
  assert.equal(await codeOf(people.people.outside.begin('other', '/')), 'not_found');
});

test('a provider that does not answer is said to be so, and is asked again', async () => {
  const gone = { ...corp.provider, id: 'gone', issuer: 'http://127.0.0.1:9' };
  const other = await openTestPeople(await database.openAnother(), clock, [gone]);
  assert.equal(await codeOf(other.people.outside.begin('gone', '/')), 'unavailable');
  assert.equal(await codeOf(other.people.outside.begin('gone', '/')), 'unavailable');
  await other.people.close();
});
