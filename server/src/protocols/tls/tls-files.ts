import { constants } from 'node:crypto';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { listenerLimits } from '../limits.ts';

/** Texts of PEM files. */
export interface TlsFiles {
  /** The server's own certificate, with what is between it and its CA. */
  readonly certificate: string;
  readonly key: string;
  /** CAs that sign certificates of devices; undefined: no certificate is asked for. */
  readonly clientCa: string | undefined;
}

const contextOf = ({ certificate, key, clientCa }: TlsFiles) => ({
  cert: certificate,
  key,
  minVersion: 'TLSv1.2' as const,
  // In TLS 1.2 a client could show another certificate later, of which nobody would look at whether a CA has signed it.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  ...(clientCa === undefined ? {} : { ca: clientCa }),
});

/** Throws when the files do not fit together. */
export const checkTlsFiles = (files: TlsFiles): void => {
  createSecureContext(contextOf(files));
};

/**
 * A certificate that does not count gets through the handshake, so that the device can be told why; every way in looks at it by
 * `certificateOf` before anything else.
 */
export const tlsOptions = (files: TlsFiles): TlsOptions => ({
  ...contextOf(files),
  requestCert: files.clientCa !== undefined,
  rejectUnauthorized: false,
  handshakeTimeout: listenerLimits.tlsHandshakeMs,
});
