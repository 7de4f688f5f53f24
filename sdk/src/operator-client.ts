import type { ApiRouteName, RouteBody, RouteResponse } from '@milepost/contract/api';
import { readAnswer } from './api-error.ts';
import { clientLimits } from './limits.ts';
import { routeLines } from './route-lines.ts';

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

  revokeDevice(id: string): Promise<undefined> {
    return this.call('revokeDevice', { id });
  }

  readVehicle(id: string): Promise<RouteResponse<'readVehicle'>> {
    return this.call('readVehicle', { id });
  }

  /** Any route of the API by the name of its operation. */
  async call<Name extends ApiRouteName>(
    name: Name,
    input: { readonly id?: string; readonly query?: Readonly<Record<string, string>>; readonly body?: unknown } = {},
  ): Promise<RouteResponse<Name>> {
    const [method = '', path = ''] = routeLines[name].split(' ');
    const url = new URL(path.replace('{id}', encodeURIComponent(input.id ?? '')), this.#server);
    for (const [key, value] of Object.entries(input.query ?? {})) url.searchParams.set(key, value);
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
      signal: AbortSignal.timeout(clientLimits.requestTimeoutMs),
    });
    return (await readAnswer(response, Date.now())) as RouteResponse<Name>;
  }
}
