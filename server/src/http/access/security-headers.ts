const originOf = (address: string): string | undefined => {
  const url = URL.parse(address);
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url.origin : undefined;
};

/**
 * What a page of ours may do. MapLibre runs its workers from blobs and draws images from data; a configured map style is fetched from
 * its own origin and those that `mapOrigins` adds (tiles and fonts may lie elsewhere).
 */
export const contentSecurityPolicy = (mapAddresses: readonly string[]): string => {
  const origins = [...new Set(mapAddresses.map(originOf).filter((origin) => origin !== undefined))].join(' ');
  const outside = origins === '' ? '' : ` ${origins}`;
  return [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' data: blob:${outside}`,
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    `connect-src 'self'${outside}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
};

/** Headers of every answer. */
export const securityHeaders = (mapAddresses: readonly string[]): Readonly<Record<string, string>> => ({
  'content-security-policy': contentSecurityPolicy(mapAddresses),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
});

/** Browsers that were here by https come by nothing else for a year. */
export const strictTransport = 'max-age=31536000';

/** Not `localhost`, which browsers would pin for whatever else runs on the machine. */
export const isPinned = (hostname: string): boolean => !/^localhost$|\.localhost$/i.test(hostname);
