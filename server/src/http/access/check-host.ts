import { CallerError } from '../../kernel/index.ts';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const defaultPorts = new Set([80, 443]);

/**
 * True when a Host header names this server: a loopback name with our port, or one that was configured (with or without port). A page
 * that made its own name point here (DNS rebinding) is kept out by this.
 */
export const isOwnHost = (host: string | undefined, port: number | undefined, allowedHosts: readonly string[]): boolean => {
  if (host === undefined) return false;
  const name = host.toLowerCase();
  if (allowedHosts.includes(name)) return true;
  return loopbackNames.some(
    (loopback) => name === `${loopback}:${port}` || (port !== undefined && defaultPorts.has(port) && name === loopback),
  );
};

export const checkHost = (host: string | undefined, port: number | undefined, allowedHosts: readonly string[]): void => {
  if (isOwnHost(host, port, allowedHosts)) return;
  throw new CallerError(
    'forbidden_origin',
    `the request is for the host ${JSON.stringify(host ?? '')}, which is not a name of this server`,
    {
      field: 'Host',
      expected: 'a name of this server',
    },
  );
};
