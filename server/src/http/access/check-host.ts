import { CallerError } from '../../kernel/index.ts';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const defaultPorts = new Set([80, 443]);

/** Where a request arrived. */
export interface Arrived {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/** The address at which it arrived, as a Host header writes it. */
const literal = (address: string): string => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return plain.includes(':') ? `[${plain}]` : plain;
};

/**
 * True when a Host header names this server: a loopback name or the very address at which the request arrived, with our port, or a name that was
 * configured (with or without port). A page that made its own name point here (DNS rebinding) is kept out by this.
 */
export const isOwnHost = (
  host: string | undefined,
  { localAddress = '', localPort: port }: Arrived,
  allowedHosts: readonly string[],
): boolean => {
  if (host === undefined) return false;
  const name = host.toLowerCase();
  if (allowedHosts.includes(name)) return true;
  const own = localAddress === '' ? loopbackNames : [...loopbackNames, literal(localAddress)];
  return own.some(
    (loopback) => name === `${loopback}:${port}` || (port !== undefined && defaultPorts.has(port) && name === loopback),
  );
};

export const checkHost = (host: string | undefined, arrived: Arrived, allowedHosts: readonly string[]): void => {
  if (isOwnHost(host, arrived, allowedHosts)) return;
  throw new CallerError(
    'forbidden_origin',
    `the request is for the host ${JSON.stringify(host ?? '')}, which is not a name of this server`,
    {
      field: 'Host',
      expected: 'a name of this server',
    },
  );
};
