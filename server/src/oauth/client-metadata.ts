import type { AdapterPayload } from 'oidc-provider';
import type { PartnerApp } from '../partners/index.ts';
import { vehicleDataType } from './check-detail.ts';

export const cibaGrantType = 'urn:openid:params:grant-type:ciba';

/**
 * An app as oidc-provider knows clients. Its secrets are compared by their digests (provider.ts), so the one here is of no use. Identifiers of
 * people differ by app (provider.ts): `pairwise` of OpenID Connect would want one host for all of its addresses, and another means to authenticate.
 * Pings go to the address that the app has now, which of a sandbox app may be one of this machine.
 */
export const clientMetadataOf = (app: PartnerApp): AdapterPayload => {
  const hasCodeFlow = app.redirectAddresses.length > 0;
  return {
    client_id: app.id,
    client_secret: 'compared-by-digest',
    client_name: app.name,
    client_uri: app.homepage,
    policy_uri: app.privacyPage,
    application_type: 'web',
    redirect_uris: [...app.redirectAddresses],
    response_types: hasCodeFlow ? ['code'] : [],
    grant_types: [...(hasCodeFlow ? ['authorization_code'] : []), 'refresh_token', cibaGrantType],
    token_endpoint_auth_method: 'client_secret_basic',
    subject_type: 'public',
    id_token_signed_response_alg: 'ES256',
    authorization_details_types: [vehicleDataType],
    backchannel_token_delivery_mode: app.pingAddress === null ? 'poll' : 'ping',
    ...(app.pingAddress === null ? {} : { backchannel_client_notification_endpoint: 'https://app.invalid/' }),
  } as AdapterPayload;
};
