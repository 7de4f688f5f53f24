import assert from 'node:assert/strict';
import type { TestServer } from './open-test-server.ts';

/** Somebody who is signed in with a browser. */
export interface TestPerson {
  readonly email: string;
  readonly personNo: number;
  /** For `call` and `ask`, instead of the operator's token. */
  readonly headers: Record<string, string>;
}

const password = 'correct horse battery';
const whence = { address: '127.0.0.1', userAgent: 'a test' };

/** Makes an account by the link in its mail. */
export const signUp = async ({ people, access, origin, mails }: TestServer, email: string): Promise<TestPerson> => {
  await people.accounts.askSignUp(email, 'en', whence);
  const code = /code=([\w-]+)/.exec(mails.findLast(({ to }) => to === email)?.text ?? '')?.[1] ?? assert.fail('no link');
  const { value, signedIn } = await people.accounts.signUp(code, { name: email, password, language: null }, whence);
  // An empty token is none, so that the cookie counts.
  return {
    email,
    personNo: signedIn.person.personNo,
    headers: { authorization: '', cookie: `${access.cookieName}=${value}`, origin },
  };
};

/** A person with a role in the organisation of a customer, or of the platform. */
export const addMember = async (
  server: TestServer,
  person: TestPerson,
  organisation: string,
  role: 'operator' | 'support' | 'manager' | 'viewer',
): Promise<void> => {
  const { json } = await server.ask('listOrganisations', { query: { q: organisation } });
  const [found] = json.items;
  assert.ok(found, `an organisation ${organisation}`);
  const added = await server.ask('addMember', { id: found.id, body: { email: person.email, role } });
  assert.equal(added.status, 201, added.text);
};
