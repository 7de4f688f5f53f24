import type { Setting } from './setting-kinds.ts';
import { settings } from './settings.ts';

const head = `# Configuration

Settings are environment variables, read once at the start. A wrong value is refused with its name, the value and what was expected, and so
is a name that begins with \`MILEPOST_\` and is not listed here. Secrets are never printed.

| name | what it is | expected | default |
|---|---|---|---|
`;

const rowOf = (setting: Setting<unknown>): string =>
  `| \`${setting.name}\` | ${setting.what} | ${setting.expected} | ${setting.defaultText === undefined ? 'unset' : `\`${setting.defaultText}\``} |`;

/** The text of docs/configuration.md. */
export const configurationPage = (): string => {
  const note =
    '\n\n`npm start`, `npm start -- --empty` and `npm run serve` set `MILEPOST_DATA` to `data/demo`, `data/empty` and `data/serve` unless it is set.\n';
  return head + Object.values(settings).map(rowOf).join('\n') + note;
};
