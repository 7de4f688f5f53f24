import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { CallerError, isLoopback } from '../kernel/index.ts';
import { type OutsideProvider, peopleLimits } from '../people/index.ts';

const setting = 'MILEPOST_OPENID_PROVIDERS';
const text = (lengthMax: number) => Type.String({ minLength: 1, maxLength: lengthMax });
const file = Type.Array(
  Type.Object(
    {
      id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
      name: text(100),
      issuer: text(512),
      clientId: text(256),
      clientSecretFile: text(4096),
    },
    { additionalProperties: false },
  ),
  { maxItems: peopleLimits.outsideProvidersMax },
);
type Entry = Static<typeof file>[number];

const refuse = (why: string, cause?: unknown): never => {
  throw new CallerError('invalid_field', `${setting}: ${why}`, { field: setting, ...(cause === undefined ? {} : { cause }) });
};

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => refuse(`${JSON.stringify(path)} cannot be read`, cause));

const readJson = (path: string, content: string): unknown => {
  try {
    return JSON.parse(content) as unknown;
  } catch (cause) {
    return refuse(`${JSON.stringify(path)} is no JSON`, cause);
  }
};

/** What a provider says is worth what the way to it is: encrypted, or within this machine. */
const checkIssuer = ({ id, issuer }: Entry): void => {
  const url = URL.parse(issuer);
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(host));
  if (!isSafe || url.search !== '' || url.hash !== '')
    refuse(`the issuer of ${id} is ${JSON.stringify(issuer)}, expected https://…`);
};

/** The providers of the file, each with its secret, whose path is relative to the file. Throws `invalid_field`. */
export const readOpenidProviders = async (path: string | undefined): Promise<OutsideProvider[]> => {
  if (path === undefined) return [];
  const entries = readJson(path, await readText(path));
  if (!Value.Check(file, entries)) {
    const [first] = Value.Errors(file, entries);
    return refuse(
      `${JSON.stringify(path)} is no list of {id, name, issuer, clientId, clientSecretFile}: ${first?.message ?? ''}`,
    );
  }
  for (const key of ['id', 'issuer'] as const)
    if (new Set(entries.map((entry) => entry[key])).size < entries.length) refuse(`two providers have the same ${key}`);
  return Promise.all(
    entries.map(async (entry) => {
      checkIssuer(entry);
      const { clientSecretFile, ...provider } = entry;
      return { ...provider, clientSecret: (await readText(resolve(dirname(path), clientSecretFile))).trim() };
    }),
  );
};
