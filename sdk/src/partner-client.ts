import type { RouteResponse } from '@milepost/contract/api';
import { ApiClient, type RouteNameOf } from './api-client.ts';

/**
 * Reads what owners granted to an app. The token is asked for before each call, so that whoever keeps it may have renewed it.
 * `examples/partner-app.ts` shows how an app comes by one. docs/partner.md
 */
export class PartnerClient extends ApiClient<RouteNameOf<'partner'>> {
  /**
   * @param server origin, like `https://milepost.example`
   * @param token an access token of OAuth that has `authorization_details`
   */
  constructor(server: string, token: () => Promise<string>) {
    super(server, async () => ({ authorization: `Bearer ${await token()}` }));
  }

  /** Cars of which somebody granted something, each under an id of this app alone. */
  async vehicles(): Promise<RouteResponse<'listPartnerVehicles'>['items']> {
    return (await this.call('listPartnerVehicles')).items;
  }

  /** The latest of a car, and why what is missing is missing. @param items consent groups or paths of signals; all unless given */
  vehicle(id: string, items?: readonly string[]): Promise<RouteResponse<'readPartnerVehicle'>> {
    return this.call('readPartnerVehicle', { id, query: items ? { items: items.join(',') } : {} });
  }
}
