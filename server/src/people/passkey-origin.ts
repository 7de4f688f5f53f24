import { isIP } from 'node:net';

/** For whom a passkey is: browsers give it to pages of this origin alone. */
export interface PasskeyOrigin {
  /** Relying party ID: the host name. */
  readonly id: string;
  readonly origin: string;
}

const loopback = new Set(['127.0.0.1', '[::1]']);

/**
 * Where passkeys work, from the address of the web app. Undefined: nowhere, because browsers want a name and an encrypted connection, or the name
 * `localhost`, which stands for the loopback addresses.
 */
export const passkeyOrigin = (publicUrl: string): PasskeyOrigin | undefined => {
  const url = URL.parse(publicUrl);
  if (!url) return undefined;
  if (loopback.has(url.hostname)) url.hostname = 'localhost';
  const { hostname: id, origin, protocol } = url;
  if (id.startsWith('[') || isIP(id) !== 0) return undefined;
  const isHere = id === 'localhost' || id.endsWith('.localhost');
  return protocol === 'https:' || isHere ? { id, origin } : undefined;
};
