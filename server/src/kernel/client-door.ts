import { BlockList, isIP } from 'node:net';
import { CallerError } from './errors.ts';

/** What a door reads of a request, of whichever server. */
export interface ArrivedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Who is at the other end, seen through the proxies that are believed. */
export interface Client {
  readonly address: string;
  /** The way to the client is encrypted: to us, or to the proxy that says so. */
  readonly isHttps: boolean;
}

export interface ClientDoor {
  /** Throws `forbidden` for who comes past the proxy. */
  clientOf(request: ArrivedRequest): Client;
}

export interface ClientDoorOptions {
  /** Addresses and networks (CIDR) of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  readonly proxies?: readonly string[];
  /** Everybody else is refused, this machine aside: what they send is not encrypted. */
  readonly isProxyNeeded?: boolean;
}

/** IPv4 within IPv6, as a listener on `::` sees it, is IPv4. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '');
const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

export const isNetwork = (text: string): text is string => {
  const [address = '', bits, rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
};

/** `localhost`, or an address that only this machine reaches. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);

const listOf = (networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
};

const textOf = (value: string | readonly string[] | undefined): string =>
  typeof value === 'string' ? value : (value?.join(',') ?? '');
const addressesMax = 32;

class Door implements ClientDoor {
  readonly #proxies: BlockList;
  readonly #isProxyNeeded: boolean;

  constructor({ proxies = [], isProxyNeeded = false }: ClientDoorOptions) {
    this.#proxies = listOf(proxies);
    this.#isProxyNeeded = isProxyNeeded;
  }

  clientOf({ headers, socket }: ArrivedRequest): Client {
    const peer = plain(socket.remoteAddress ?? '');
    const isHttps = 'encrypted' in socket && socket.encrypted === true;
    if (!this.#isProxy(peer)) {
      if (this.#isProxyNeeded && !isLoopback(peer))
        throw new CallerError('forbidden', 'this address is for the proxy in front of the server alone');
      return { address: peer, isHttps };
    }
    const says = textOf(headers['x-forwarded-proto']).split(',').at(-1)?.trim().toLowerCase();
    return { address: this.#behind(peer, textOf(headers['x-forwarded-for'])), isHttps: isHttps || says === 'https' };
  }

  #isProxy(address: string): boolean {
    return isIP(address) !== 0 && this.#proxies.check(address, familyOf(address));
  }

  /** Each proxy adds whom it hears at the end: back from there, up to the first that is none of ours. What is before that anybody may have written. */
  #behind(peer: string, forwarded: string): string {
    let known = peer;
    for (const text of forwarded.split(',').slice(-addressesMax).reverse()) {
      const address = plain(text.trim());
      if (isIP(address) === 0) return known;
      known = address;
      if (!this.#isProxy(address)) return known;
    }
    return known;
  }
}

/** Without options: whoever is connected is the client, and no header is believed. */
export const makeClientDoor = (options: ClientDoorOptions = {}): ClientDoor => new Door(options);
