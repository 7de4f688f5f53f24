import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { accessibilityProblems, noBrowser, openBrowser, until, visit } from '../support/browser.ts';
import { addFleet, signal } from '../support/fleet.ts';
import { notOnCluster } from '../support/not-on-cluster.ts';
import { type Milepost, startMilepost } from '../support/start-milepost.ts';

let milepost: Milepost;
let browser: Browser;
const options = { skip: noBrowser || notOnCluster.rebuild };
const vehicles = 5;

before(async () => {
  if (options.skip) return;
  browser = await openBrowser();
  milepost = await startMilepost({ mode: 'serve' });
  const plates = Array.from({ length: vehicles }, (_, i) => ({ plate: `SYS ${i + 1}`, customer: 'System' }));
  const fleet = await addFleet(milepost, plates);
  for (const vehicle of fleet)
    for (let i = 0; i < 20; i++)
      await vehicle.report({ time: Date.now() - 60_000 + i * 1000, signals: { [signal.speed]: i, [signal.energy]: 80 - i } });
});
after(async () => {
  await browser?.close();
  await milepost?.close();
});

const system = async (): Promise<{ rebuild: { outcome: string | null; differences: number | null } | null }> => {
  const response = await fetch(`${milepost.origin}/v1/system`, {
    headers: { authorization: `Bearer ${milepost.operatorToken}` },
  });
  return (await response.json()) as Awaited<ReturnType<typeof system>>;
};

const openDialog = async (page: Page, model: string) => {
  await page.getByRole('button', { name: `Rebuild ${model}` }).click();
  const dialog = page.getByRole('dialog', { name: `Rebuild ${model} from the log` });
  await dialog.waitFor();
  return dialog;
};

/** The process that rebuilds: a child of the server. */
const builderPid = (): number | undefined =>
  readdirSync('/proc')
    .map(Number)
    .find((pid) => {
      try {
        return (
          Number.isInteger(pid) &&
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`rebuild-main.ts\0live\0--data\0${milepost.data}`)
        );
      } catch {
        return false;
      }
    });

test('the three figures come first, and everything keeps up', options, async () => {
  const { page, close } = await visit(browser, milepost, '/system');
  await page.getByText('Everything keeps up').waitFor();
  const glance = await page.getByRole('region', { name: 'System' }).innerText();
  assert.match(glance, /Behind the log\s+0\s*s/);
  assert.match(glance, /Free disk\s+[\d.,]+\s*[GT]B/);
  assert.match(glance, /Last write of history/);
  const reports = page.getByText('Reports taken in').locator('xpath=..');
  assert.match(await reports.innerText(), new RegExp(`\\b${vehicles * 20}$`));
  assert.match(await page.getByRole('row', { name: /^Live/ }).innerText(), /nothing/);
  assert.deepEqual(await accessibilityProblems(page), []);
  // Asked again by itself, without anything else changing.
  await page.evaluate("document.querySelector('main h1').dataset.here = 'yes'");
  await page.waitForResponse((response) => response.url().endsWith('/v1/system'));
  assert.equal(await page.evaluate("document.querySelector('main h1').dataset.here"), 'yes');
  await close();
});

test('live is rebuilt from the page: progress, no difference, in place', options, async () => {
  const { page, close } = await visit(browser, milepost, '/system');
  const dialog = await openDialog(page, 'Live');
  assert.deepEqual(await accessibilityProblems(page), []);
  await dialog.getByRole('button', { name: 'Rebuild' }).click();
  const panel = page.getByRole('region', { name: /Live$/ });
  await panel.getByRole('progressbar').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Rebuild History' }).isDisabled());
  assert.deepEqual(await accessibilityProblems(page), []);
  await panel.getByText('No difference was found. The new one is in place.').waitFor({ timeout: 60_000 });
  await panel.getByText(new RegExp(`^${vehicles} connections compared, 0 differ`)).waitFor();
  await panel.getByText(/The old one lies in live\.old-/).waitFor();
  assert.deepEqual([(await system()).rebuild?.outcome, (await system()).rebuild?.differences], ['put_in_place', 0]);
  await page.goto(`${milepost.origin}/vehicles`);
  await page
    .getByRole('row', { name: /SYS 1/ })
    .getByText(/61\s*%/)
    .waitFor();
  await close();
});

test('a rebuild is stopped after a question, and leaves what was there', options, async () => {
  const { page, close } = await visit(browser, milepost, '/system', { expects: /409/ });
  const dialog = await openDialog(page, 'Live');
  await dialog.getByText('Never').click();
  await dialog.getByText('Both are only compared.').waitFor();
  await dialog.getByRole('button', { name: 'Rebuild' }).click();
  const pid = await until(
    async () => builderPid(),
    (found) => found !== undefined,
    'the process that rebuilds',
  );
  assert.ok(pid);
  process.kill(pid, 'SIGSTOP');
  // Whoever wants another one meanwhile is refused.
  const second = await fetch(`${milepost.origin}/v1/system/rebuild`, {
    method: 'POST',
    headers: { authorization: `Bearer ${milepost.operatorToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'history' }),
  });
  assert.equal(second.status, 409, await second.text());
  const panel = page.getByRole('region', { name: 'Rebuilding Live' });
  await panel.getByRole('button', { name: 'Stop' }).click();
  const question = page.getByRole('alertdialog', { name: 'Stop the rebuild of Live?' });
  await question.waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await question.getByRole('button', { name: 'Stop it' }).click();
  await panel.getByText('Stopping …').waitFor();
  process.kill(pid, 'SIGCONT');
  await page.getByText('It was stopped. The old one stays.').waitFor({ timeout: 30_000 });
  await until(
    async () => readdirSync(milepost.data).filter((name) => name.endsWith('.rebuild')),
    (left) => left.length === 0,
    'nothing of it is left',
  );
  await close();
});

test('when the server is away the page says how it stood', options, async () => {
  const { page, close } = await visit(browser, milepost, '/system', {
    expects: /ERR_CONNECTION_REFUSED|WebSocket|Failed to load/,
  });
  await page.getByText('Everything keeps up').waitFor();
  await milepost.stop();
  await page.getByText(/^The server does not answer. This is how it stood/).waitFor();
  await milepost.start();
  await page.getByText('Everything keeps up').waitFor({ timeout: 30_000 });
  await close();
});
