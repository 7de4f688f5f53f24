import type { RouteBody, RouteQuery, RouteResponse } from '@milepost/contract/api';
import { ApiClient } from './api-client.ts';

const textsOf = (query: object): Record<string, string> =>
  Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));

/** Calls the API as the operator. */
export class OperatorClient extends ApiClient {
  /** @param server origin, like `http://127.0.0.1:8080` */
  constructor(server: string, token: string) {
    super(server, () => Promise.resolve({ authorization: `Bearer ${token}` }));
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
}
