import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import Provider from 'oidc-provider';
import { pingWith } from './open-oauth.ts';

/** An app that is told by a ping at this address. */
const pingTo = async (address: string, mayPingPrivate: boolean): Promise<string> => {
  const metadata = {
    client_id: 'app_x',
    client_secret: 'x',
    redirect_uris: ['https://app.example/back'],
    grant_types: ['authorization_code', 'urn:openid:params:grant-type:ciba'],
    backchannel_token_delivery_mode: 'ping',
    backchannel_client_notification_endpoint: 'https://app.example/ping',
  };
  const provider = new Provider('https://milepost.example', {
    features: { ciba: { enabled: true, deliveryModes: ['ping'] } },
    fetch: pingWith({ mayPingPrivate }),
  } as never);
  const Client = provider.Client as unknown as new (metadata: unknown) => { backchannelPing(request: unknown): Promise<void> };
  const client = new Client(metadata);
  Object.defineProperty(client, 'backchannelClientNotificationEndpoint', { value: address });
  const request = { jti: 'x', kind: 'BackchannelAuthenticationRequest', params: { client_notification_token: 'y' } };
  try {
    await client.backchannelPing(request);
    return 'told';
  } catch (error) {
    return String((error as Error).cause ?? error);
  }
};

test('pings go to addresses that are public, by what a name really leads to', async () => {
  let heard = 0;
  const app = createServer((_request, response) => {
    heard++;
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => void app.listen(0, '127.0.0.1', resolve));
  const { port } = app.address() as AddressInfo;
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0'])
    assert.notEqual(await pingTo(`http://${host}:${port}/`, false), 'told', host);
  assert.equal(heard, 0, 'nothing was sent');
  assert.equal(await pingTo(`http://127.0.0.1:${port}/`, true), 'told', 'in a demo it may');
  assert.equal(heard, 1);
  app.close();
});
