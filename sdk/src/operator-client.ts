import type { ApiRouteName, RouteBody, RouteQuery, RouteResponse } from '@milepost/contract/api';
import { readAnswer } from './api-error.ts';
import { clientLimits } from './limits.ts';
import { routeLines } from './route-lines.ts';

/** A body that is no JSON. */
export interface TextBody {
  readonly type: string;
  readonly text: string;
}

const textsOf = (query: object): Record<string, string> =>
  Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));

/** Calls the API as the operator. Throws ApiError when the server refuses, TypeError when it cannot be reached. */
export class OperatorClient {
  readonly #server: string;
  readonly #token: string;

  /** @param server origin, like `http://127.0.0.1:8080` */
  constructor(server: string, token: string) {
    this.#server = server;
    this.#token = token;
  }

  createCustomer(body: RouteBody<'createCustomer'>): Promise<RouteResponse<'createCustomer'>> {
    return this.call('createCustomer', { body });
  }

  createVehicle(body: RouteBody<'createVehicle'>): Promise<RouteResponse<'createVehicle'>> {
    return this.call('createVehicle', { body });
  }

  createDevice(body: RouteBody<'createDevice'>): Promise<RouteResponse<'createDevice'>> {
    return this.call('createDevice', { body });
  }

  /** Many vehicles with a device each: all or none. */
  enrol(body: RouteBody<'enrol'>): Promise<RouteResponse<'enrol'>> {
    return this.call('enrol', { body });
  }

  /** Vehicles and devices from a CSV file, an outcome a line. docs/enrolment.md */
  enrolCsv(text: string, query: RouteQuery<'enrolCsv'> = {}): Promise<RouteResponse<'enrolCsv'>> {
    return this.call('enrolCsv', { query: textsOf(query), text: { type: 'text/csv', text } });
  }

  revokeDevice(id: string): Promise<undefined> {
    return this.call('revokeDevice', { id });
  }

  readVehicle(id: string): Promise<RouteResponse<'readVehicle'>> {
    return this.call('readVehicle', { id });
  }

  /** Any route of the API by the name of its operation. */
  async call<Name extends ApiRouteName>(
    name: Name,
    input: {
      readonly id?: string;
      readonly query?: Readonly<Record<string, string>>;
      readonly body?: unknown;
      readonly text?: TextBody;
    } = {},
  ): Promise<RouteResponse<Name>> {
    const [method = '', path = ''] = routeLines[name].split(' ');
    const url = new URL(path.replace('{id}', encodeURIComponent(input.id ?? '')), this.#server);
    for (const [key, value] of Object.entries(input.query ?? {})) url.searchParams.set(key, value);
    const json = input.body === undefined ? undefined : { type: 'application/json', text: JSON.stringify(input.body) };
    const sent = input.text ?? json;
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...(sent ? { 'content-type': sent.type } : {}) },
      ...(sent ? { body: sent.text } : {}),
      signal: AbortSignal.timeout(clientLimits.requestTimeoutMs),
    });
    return (await readAnswer(response, Date.now())) as RouteResponse<Name>;
  }
}
