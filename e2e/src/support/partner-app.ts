import assert from 'node:assert/strict';
import type { SharedVehicle, VehicleDataDetail } from '@milepost/contract/api';
import type { Page } from 'playwright-core';
import type { Milepost } from './milepost.ts';
import { until } from './until.ts';

/** A call of the API as the page's person. */
export const callAs = <T>(page: Page, method: string, path: string, body?: unknown): Promise<T> =>
  page.evaluate(
    async ([how, where, text]) => {
      const headers = text === undefined ? {} : { 'content-type': 'application/json' };
      const answer = await fetch(where as string, {
        method: how as string,
        headers,
        ...(text === undefined ? {} : { body: text }),
      });
      if (!answer.ok) throw new Error(`${how} ${where}: ${await answer.text()}`);
      return (answer.status === 204 ? undefined : await answer.json()) as never;
    },
    [method, path, body === undefined ? undefined : JSON.stringify(body)] as const,
  );

export interface AppWords {
  readonly partner: string;
  readonly name: string;
  readonly purpose: string;
  readonly terms: string;
  readonly items: readonly { readonly item: string; readonly reason: string; readonly place?: 'about100m' | 'about1km' }[];
}

/** An app of a partner as its own server knows it. */
export interface PartnerApp {
  readonly id: string;
  readonly partnerId: string;
  /** Asks who holds a VIN, or has an address, without a browser (CIBA). Answers the id of the request. */
  ask(hint: string, detail: Omit<VehicleDataDetail, 'type'>): Promise<string>;
  /** Waits for the answer yes; answers the access token. */
  tokenFor(request: string): Promise<string>;
  /** The one car of a token, with what of it may be read. */
  read(token: string, items?: string): Promise<SharedVehicle>;
}

const ciba = 'urn:openid:params:grant-type:ciba';

/** A live app, made and approved by the operator whose page it is. */
export const makeLiveApp = async (page: Page, { origin }: Milepost, words: AppWords): Promise<PartnerApp> => {
  const partner = await callAs<{ id: string }>(page, 'POST', '/v1/partners', { name: words.partner });
  const made = await callAs<{ id: string }>(page, 'POST', `/v1/partners/${partner.id}/apps`, {
    name: words.name,
    about: 'Pays back what careful driving saves.',
    homepage: 'https://volt.example/',
    privacyPage: 'https://volt.example/privacy',
    environment: 'live',
    redirectAddresses: ['https://volt.example/back'],
    items: words.items,
  });
  const path = `/v1/partners/${partner.id}/apps/${made.id}`;
  await callAs(page, 'PUT', `${path}/purposes/${words.purpose}`, { language: 'en', terms: words.terms });
  await callAs(page, 'POST', `/v1/apps/${made.id}/approval`);
  const { text } = await callAs<{ text: string }>(page, 'POST', `${path}/secrets`);
  const authorization = `Basic ${Buffer.from(`${made.id}:${text}`).toString('base64')}`;
  const post = async (where: string, parameters: Record<string, string>): Promise<Record<string, string>> => {
    const body = new URLSearchParams({ client_id: made.id, ...parameters });
    const answer = await fetch(origin + where, { method: 'POST', headers: { authorization }, body });
    return (await answer.json()) as Record<string, string>;
  };
  const get = async <T>(where: string, token: string): Promise<T> => {
    const answer = await fetch(origin + where, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 200, await answer.clone().text());
    return (await answer.json()) as T;
  };
  return {
    id: made.id,
    partnerId: partner.id,
    ask: async (hint, detail) => {
      const details = JSON.stringify([{ type: 'vehicle_data', ...detail }]);
      const asked = await post('/oauth/backchannel', { login_hint: hint, scope: 'openid', authorization_details: details });
      return asked['auth_req_id'] ?? assert.fail(JSON.stringify(asked));
    },
    tokenFor: async (request) => {
      const answer = await until(
        () => post('/oauth/token', { grant_type: ciba, auth_req_id: request }),
        (told) => !['authorization_pending', 'slow_down'].includes(told['error'] ?? ''),
        'the request was never answered',
      );
      return answer['access_token'] ?? assert.fail(JSON.stringify(answer));
    },
    read: async (token, items) => {
      const { items: cars } = await get<{ items: { vehicle: string }[] }>('/v1/partner/vehicles', token);
      const query = items === undefined ? '' : `?items=${items}`;
      return get<SharedVehicle>(`/v1/partner/vehicles/${cars[0]?.vehicle ?? 'none'}${query}`, token);
    },
  };
};
