import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { invalidField } from '../../kernel/index.ts';
import { webhookLimits } from '../limits.ts';

/** What is not the public internet: this machine, its networks, and what is reserved. RFC 6890 and its registries. */
const notPublic = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv4');

/** Global unicast alone, without what tunnels IPv4 or is documentation. */
const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');
const tunnelsV6 = new BlockList();
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  tunnelsV6.addSubnet(network, prefix, 'ipv6');

/** Whether an address is one of the public internet. IPv6 that stands for an IPv4 one is none. */
export const isPublicAddress = (address: string): boolean => {
  const kind = isIP(address);
  if (kind === 4) return !notPublic.check(address, 'ipv4');
  return kind === 6 && globalV6.check(address, 'ipv6') && !tunnelsV6.check(address, 'ipv6');
};

export interface Reach {
  /** Addresses of this machine and its networks may be reached, and http: in development, and in tests. */
  readonly mayReachPrivate: boolean;
}

/** Throws `invalid_field`: no address that could be told. What its name leads to is looked at with each attempt. */
export const checkWebhookAddress = (text: string, { mayReachPrivate }: Reach): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const isTaken =
    url !== undefined &&
    url.username === '' &&
    url.password === '' &&
    url.hash === '' &&
    (url.protocol === 'https:' || (mayReachPrivate && url.protocol === 'http:')) &&
    (mayReachPrivate || isIP(host) === 0 || isPublicAddress(host));
  if (!isTaken) throw invalidField('address', text.slice(0, 100), 'an https:// address of the public internet');
  return url.href;
};

/** The connection is made to the very address that was looked at. */
const checkedLookup: LookupFunction = (hostname, { all }, callback) => {
  lookup(hostname, { all: true, order: 'verbatim' }, (error, found) => {
    const [first] = found ?? [];
    if (error) callback(error, []);
    else if (!first || !found.every(({ address }) => isPublicAddress(address)))
      callback(new Error('the name leads to an address that is not public'), []);
    else if (all) callback(null, [first]);
    else callback(null, first.address, first.family);
  });
};

export const signatureHeader = 'milepost-signature';

/** `t=<seconds>,v1=<hex>`, one `v1` for each live secret: HMAC-SHA-256 of `<seconds>.<body>`. */
export const signatureOf = (body: string, secrets: readonly string[], nowMs: number): string => {
  const seconds = Math.floor(nowMs / 1000);
  const of = (secret: string): string => createHmac('sha256', secret).update(`${seconds}.${body}`, 'utf8').digest('hex');
  return [`t=${seconds}`, ...secrets.map((secret) => `v1=${of(secret)}`)].join(',');
};

export interface Sent {
  /** null: there was no answer. */
  readonly status: number | null;
  /** null: it was taken. */
  readonly error: string | null;
}

const errorTextMax = 200;

/** One attempt. Redirects are not followed: they are an answer that is no 2xx. */
export const sendOnce = (
  address: string,
  body: string,
  headers: Record<string, string>,
  { mayReachPrivate }: Reach,
): Promise<Sent> =>
  new Promise((resolve) => {
    const url = new URL(address);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const fail = (error: string, status: number | null = null): void => resolve({ status, error: error.slice(0, errorTextMax) });
    if (!mayReachPrivate && isIP(host) !== 0 && !isPublicAddress(host)) return fail('the address is not public');
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), 'user-agent': 'Milepost-Webhooks/1' },
      agent: false,
      signal: AbortSignal.timeout(webhookLimits.attemptMs),
      ...(mayReachPrivate ? {} : { lookup: checkedLookup }),
    });
    request.on('error', (error) =>
      fail(error.name === 'TimeoutError' || error.name === 'AbortError' ? 'no answer in time' : error.message),
    );
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > webhookLimits.answerBytesMax) request.destroy(new Error('the answer is too long'));
      });
      response.on('error', (error) => fail(error.message, status));
      response.on('end', () =>
        status >= 200 && status < 300 ? resolve({ status, error: null }) : fail(`answered ${status}`, status),
      );
    });
    request.end(body);
  });

/** ms until the next attempt. `random`: 0 to 1. */
export const retryDelayMs = (attempts: number, random: number): number => {
  const { firstRetryMs, retryMsMax } = webhookLimits;
  const full = Math.min(retryMsMax, firstRetryMs * 2 ** Math.max(0, attempts - 1));
  return Math.round(full * (0.5 + random / 2));
};
