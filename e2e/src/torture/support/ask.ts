import type { Target } from '../../support/start-milepost.ts';

export interface AskOptions {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Asks the API as the operator; `path` begins with /. */
export const ask = (milepost: Target, path: string, init: AskOptions = {}): Promise<Response> =>
  fetch(milepost.origin + path, {
    ...init,
    headers: {
      authorization: `Bearer ${milepost.operatorToken}`,
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...init.headers,
    },
  });

/** A figure of /metrics; NaN when there is none of that name. */
export const readMetric = async (milepost: Target, name: string): Promise<number> => {
  const text = await (await ask(milepost, '/metrics')).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
};
