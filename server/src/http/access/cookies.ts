const cookieHeaderMax = 8192;

/** The value of a cookie in a `Cookie` header (RFC 6265); the first of that name. */
export const readCookie = (header: string | undefined, name: string): string | undefined => {
  if (!header || header.length > cookieHeaderMax) return undefined;
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
};

export interface CookieOptions {
  readonly maxAgeSeconds: number;
  readonly isSecure: boolean;
}

/**
 * A `Set-Cookie` header that scripts cannot read, and that pages of other sites send with nothing but a link that is followed. 0 seconds
 * removes it.
 */
export const writeCookie = (name: string, value: string, { maxAgeSeconds, isSecure }: CookieOptions): string =>
  `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}${isSecure ? '; Secure' : ''}`;
