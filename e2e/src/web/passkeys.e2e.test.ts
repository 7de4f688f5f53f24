import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, operatorAccount, visit } from '../support/browser.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';
import { until } from '../support/until.ts';

const options = { skip: noBrowser };
let milepost: Milepost;
let browser: Browser;

before(async () => {
  if (noBrowser) return;
  browser = await openBrowser();
  const started = await startMilepost({ mode: 'serve' });
  // Browsers give passkeys to names, and to no number.
  milepost = { ...started, origin: started.origin.replace('127.0.0.1', 'localhost') };
  milepost = { ...milepost, signInLink: started.signInLink.replace('127.0.0.1', 'localhost') };
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** To where people sign in. */
const signOut = async (page: Page): Promise<void> => {
  await button(page, 'Sign out').click();
  await page.getByRole('link', { name: 'Sign in' }).click();
};

/** How the browser's questions for a passkey ended, in their order; `conditional` are those that are offered where a name is typed. */
const hearAnswers = async (page: Page): Promise<() => Promise<readonly string[]>> => {
  await page.evaluate(`(() => {
    window.passkeyAnswers = [];
    const get = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = (asked) => {
      const note = (how) => window.passkeyAnswers.push(asked.mediation + ': ' + how);
      const answer = get(asked);
      answer.then(() => note('given'), (error) => note(error.name));
      return answer;
    };
  })()`);
  return () => page.evaluate('window.passkeyAnswers');
};

/** The browser's own authenticator, as a laptop with a fingerprint sensor has one. */
const addAuthenticator = async (page: Page) => {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const set = (method: 'WebAuthn.setUserVerified' | 'WebAuthn.setAutomaticPresenceSimulation', value: boolean) =>
    method === 'WebAuthn.setUserVerified'
      ? session.send(method, { authenticatorId, isUserVerified: value })
      : session.send(method, { authenticatorId, enabled: value });
  return { session, authenticatorId, set };
};

test(
  'a passkey is made on the account page, signs in by the button and where the name is typed, and is removed',
  options,
  async () => {
    const { page, close } = await visit(browser, milepost, '/account', { expects: /401|403|409/ });
    const { session, authenticatorId, set } = await addAuthenticator(page);
    const answers = await hearAnswers(page);
    await page.getByRole('heading', { name: 'Passkeys' }).waitFor();
    await button(page, 'Add a passkey').click();
    await page.getByLabel('Name of the passkey').fill('Laptop of Olga');
    assert.deepEqual(await accessibilityProblems(page), []);
    await button(page, 'Add a passkey').click();
    const row = page.locator('[data-passkey]');
    await row.getByText('Laptop of Olga').waitFor();
    await row.getByText(/never used/).waitFor();
    await page.locator('[data-act="passkey_added"]').waitFor();
    await button(page, 'Add a passkey').click();
    await button(page, 'Add a passkey').click();
    await page.getByText('This device has a passkey of your account already.').waitFor();
    await button(page, 'Rename the passkey Laptop of Olga').click();
    await page.getByLabel('Name of the passkey').fill('Laptop');
    await button(page, 'Save').last().click();
    await row.getByText('Laptop', { exact: true }).waitFor();

    // Nobody touches the sensor: the page waits, with all its ways in.
    await set('WebAuthn.setAutomaticPresenceSimulation', false);
    await signOut(page);
    await button(page, 'Sign in with a passkey').waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    // Somebody does, who is not the one that the device knows.
    await set('WebAuthn.setUserVerified', false);
    await set('WebAuthn.setAutomaticPresenceSimulation', true);
    await button(page, 'Sign in with a passkey').click();
    // The page offers it once more where the name is typed. Until that is over the right person would be let in without the button.
    const refused = ['conditional: AbortError', 'optional: NotAllowedError', 'conditional: NotAllowedError'];
    await until(answers, (seen) => seen.length >= refused.length, 'the page has asked again');
    assert.deepEqual(await answers(), refused);
    assert.ok(await button(page, 'Sign in with a passkey').isEnabled(), 'the page waits for the next try');
    assert.equal(await page.getByRole('alert').count(), 0);
    await set('WebAuthn.setUserVerified', true);
    await button(page, 'Sign in with a passkey').click();
    await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor();
    await page
      .getByText(/by passkey/)
      .first()
      .waitFor();
    assert.deepEqual(await answers(), [...refused, 'optional: given']);

    // Offered where the name is typed: a touch is enough.
    await signOut(page);
    await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor();

    await button(page, 'Remove the passkey Laptop').click();
    await row.waitFor({ state: 'detached' });
    const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId });
    assert.equal(credentials.length, 1, 'the browser still has it');
    await button(page, 'Sign out').click();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('This passkey does not let anybody in here. It may have been removed.').waitFor();
    await page.getByLabel('E-mail or user name').fill(operatorAccount.email);
    await page.getByLabel('Password', { exact: true }).fill(operatorAccount.password);
    await button(page, 'Sign in').click();
    await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor();
    await close();
  },
);

test('at an address without a name the account page says where passkeys work', options, async () => {
  const byNumber = milepost.origin.replace('localhost', '127.0.0.1');
  const { page, close } = await visit(browser, { ...milepost, origin: byNumber }, '/account');
  await page.getByRole('link', { name: milepost.origin }).waitFor();
  assert.equal(await button(page, 'Add a passkey').count(), 0);
  await close();
});
