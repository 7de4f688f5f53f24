import type { ApiRouteName, ApiRoutes, RouteResponse } from '@milepost/contract/api';
import { readAnswer } from './api-error.ts';
import { clientLimits } from './limits.ts';
import { routeLines } from './route-lines.ts';

/** A body that is no JSON. */
export interface TextBody {
  readonly type: string;
  readonly text: string;
}

export interface CallInput {
  /** What stands in the path for `{id}`. */
  readonly id?: string;
  /** Every other part of the path by its name. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: TextBody;
}

/** Routes that take callers of these kinds. */
export type RouteNameOf<Access extends string> = {
  [Name in ApiRouteName]: ApiRoutes[Name]['access'] extends Access ? Name : never;
}[ApiRouteName];

/** Calls the API, typed by its contract. Throws ApiError when the server refuses, TypeError when it cannot be reached. */
export class ApiClient<Names extends ApiRouteName = ApiRouteName> {
  readonly #server: string;
  readonly #headers: () => Promise<Readonly<Record<string, string>>>;

  /**
   * @param server origin, like `http://127.0.0.1:8080`
   * @param headers by which each call is known
   */
  constructor(server: string, headers: () => Promise<Readonly<Record<string, string>>>) {
    this.#server = server;
    this.#headers = headers;
  }

  /** Any route by the name of its operation. */
  async call<Name extends Names>(name: Name, input: CallInput = {}): Promise<RouteResponse<Name>> {
    return (await readAnswer(await this.send(name, input), Date.now())) as RouteResponse<Name>;
  }

  /** The answer as it comes, also when it is a refusal. */
  protected async send(name: Names, input: CallInput): Promise<Response> {
    const [method = '', path = ''] = routeLines[name].split(' ');
    const parts: Readonly<Record<string, string>> = { id: input.id ?? '', ...input.params };
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, part: string) => encodeURIComponent(parts[part] ?? ''));
    const url = new URL(filled, this.#server);
    for (const [key, value] of Object.entries(input.query ?? {})) url.searchParams.set(key, value);
    const json = input.body === undefined ? undefined : { type: 'application/json', text: JSON.stringify(input.body) };
    const sent = input.text ?? json;
    return fetch(url, {
      method,
      headers: { ...(await this.#headers()), ...(sent ? { 'content-type': sent.type } : {}) },
      ...(sent ? { body: sent.text } : {}),
      signal: AbortSignal.timeout(clientLimits.requestTimeoutMs),
    });
  }
}
