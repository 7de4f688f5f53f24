import { invalidField, OperationalError } from '../../../kernel/index.ts';
import { createTransport } from 'nodemailer';
import type { Mailer } from '../../ports.ts';

export interface SmtpOptions {
  /** `smtp://user:password@host:587`, or `smtps://…` for TLS from the first byte. */
  readonly url: string;
  readonly from: string;
}

const connectTimeoutMs = 10_000;
const socketTimeoutMs = 20_000;
const connectionsMax = 3;

const responseCodeOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'responseCode' in error && typeof error.responseCode === 'number'
    ? error.responseCode
    : undefined;

/** RFC 5321: 550 to 553 say that this mailbox takes nothing, ever. */
const isRefusedForGood = (error: unknown): boolean => {
  const code = responseCodeOf(error);
  return code !== undefined && code >= 550 && code <= 553;
};

export const openSmtp = ({ url, from }: SmtpOptions): Mailer => {
  const { protocol, hostname, port, username, password } = new URL(url);
  const isSecure = protocol === 'smtps:';
  const transport = createTransport({
    host: hostname,
    port: port === '' ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    // A password goes over nothing that others can read.
    requireTLS: !isSecure && username !== '',
    pool: true,
    maxConnections: connectionsMax,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: socketTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async ({ to, subject, text, language }) => {
      try {
        await transport.sendMail({ from, to, subject, text, textEncoding: 'base64', headers: { 'Content-Language': language } });
      } catch (error) {
        if (isRefusedForGood(error)) throw invalidField('email', to, 'an address that takes mail');
        throw new OperationalError('unavailable', 'the mail server does not take mail now', {
          cause: error,
          retryAfterSeconds: 60,
        });
      }
    },
    close: async () => transport.close(),
  };
};
