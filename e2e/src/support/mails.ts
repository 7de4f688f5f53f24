import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Milepost } from './start-milepost.ts';
import { until } from './until.ts';

const textOf = (message: string): string => {
  const at = message.indexOf('\n\n');
  return Buffer.from(message.slice(at + 2), 'base64').toString('utf8');
};

/** The links of the mails to an address, in the order in which they were sent; a server without SMTP writes them into its data folder. */
const linksTo = async (milepost: Milepost, email: string): Promise<string[]> => {
  const folder = join(milepost.data, 'mail');
  const names = (await readdir(folder)).sort();
  const messages = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return messages
    .filter((message) => new RegExp(`^to: ${email.replaceAll('.', '\\.')}$`, 'im').test(message))
    .flatMap((message) => /^http\S+$/m.exec(textOf(message))?.[0] ?? []);
};

/** Waits for the mail number `count` to an address and answers its link. */
export const linkTo = async (milepost: Milepost, email: string, count = 1): Promise<string> => {
  const links = await until(
    () => linksTo(milepost, email),
    (found) => found.length >= count,
    `no mail number ${count} to ${email}`,
  );
  return links[count - 1] as string;
};
