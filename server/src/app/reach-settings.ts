import { isIP } from 'node:net';
import { CallerError, isLoopback, isNetwork } from '../kernel/index.ts';
import { checked, list, text } from './setting-kinds.ts';

/** Settings about who reaches the server, and how. */
export const reachSettings = {
  host: checked(
    'MILEPOST_HOST',
    'Address to listen on. Beyond loopback it takes a certificate, or a proxy in front that ends TLS. docs/people.md',
    'localhost or an IP address; 0.0.0.0 and :: are all of this machine',
    (value) => value === 'localhost' || isIP(value) !== 0,
    '127.0.0.1',
  ),
  tlsCertificate: text(
    'MILEPOST_TLS_CERTIFICATE',
    'PEM file of the certificate that browsers see, with what is between it and its CA: the API and the web app are https. Read anew when it changes.',
    'a path',
    /\S/,
  ),
  tlsKey: text('MILEPOST_TLS_KEY', 'PEM file of its key.', 'a path', /\S/),
  trustedProxies: list(
    'MILEPOST_TRUSTED_PROXIES',
    'Proxies in front whose X-Forwarded-For and X-Forwarded-Proto are believed. Beyond loopback without a certificate of our own nobody else is let in.',
    'one or more of an IP address or address/bits, separated by commas',
    isNetwork,
  ),
} as const;

export interface Reach {
  readonly host: string;
  readonly tlsCertificate: string | undefined;
  readonly tlsKey: string | undefined;
  readonly trustedProxies: readonly string[] | undefined;
  readonly mqttPort: number | undefined;
  /** Of a cluster. */
  readonly kafkaBrokers: readonly string[] | undefined;
}

type Refuse = (key: keyof Reach, expected: string) => never;

/** What is sent beyond this machine is encrypted. `refuse` names the setting that is wrong. */
export const checkReach = (
  { host, tlsCertificate, tlsKey, trustedProxies, mqttPort, kafkaBrokers }: Reach,
  refuse: Refuse,
): void => {
  const { tlsCertificate: certificate, tlsKey: key, trustedProxies: proxies } = reachSettings;
  if (tlsCertificate !== undefined && tlsKey === undefined) refuse('tlsKey', `a PEM file, since ${certificate.name} is set`);
  if (tlsCertificate === undefined && tlsKey !== undefined) refuse('tlsCertificate', `a PEM file, since ${key.name} is set`);
  // Some of its processes tell their figures to whoever reaches them.
  if (kafkaBrokers && !isLoopback(host)) refuse('host', 'a loopback address: processes of a cluster are behind your proxy');
  if (kafkaBrokers && tlsCertificate !== undefined)
    refuse('tlsCertificate', 'nothing: before processes of a cluster your proxy ends TLS');
  if (isLoopback(host)) return;
  if (tlsCertificate === undefined && trustedProxies === undefined)
    refuse(
      'host',
      `127.0.0.1, localhost or ::1 unless ${certificate.name} and ${key.name}, or ${proxies.name}, are set: ${host} is reached from outside`,
    );
  if (mqttPort !== undefined)
    refuse('mqttPort', `nothing beyond loopback, where MQTT is not encrypted: MILEPOST_MQTT_TLS_PORT is for devices outside`);
};

/** Plain HTTP that is reached from outside: through the proxy alone. */
export const isProxyNeeded = ({ host, tlsCertificate }: Pick<Reach, 'host' | 'tlsCertificate'>): boolean =>
  !isLoopback(host) && tlsCertificate === undefined;

/** A demo lets in whoever comes, so nobody comes from outside. */
export const checkDemoReach = (host: string): void => {
  if (isLoopback(host)) return;
  const { name: field } = reachSettings.host;
  throw new CallerError('invalid_field', `${field} is ${host}, but a demo is for this machine alone: use \`npm run serve\``, {
    field,
  });
};
