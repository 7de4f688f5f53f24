import { TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import type { ClientCertificate } from '../types.ts';

/** What is read of a certificate; the shape that Node gives it. */
export interface CertificateParts {
  /** Attributes of the subject by short name; a list when one comes more than once. */
  readonly subject?: { readonly CN?: string | readonly string[] };
  /** `DNS:…, URI:…`; a value with a comma or a quote is a JSON string. */
  readonly subjectaltname?: string | undefined;
  /** Hexadecimal, with colons. */
  readonly fingerprint256: string;
  readonly valid_from: string;
  readonly valid_to: string;
}

const imeiPattern = /^\d{15}$/;
/** RFC 7254: type allocation code, serial number, check digit or 0. */
const urnPattern = /^urn:gsma:imei:(\d{8})-?(\d{6})-?(\d)$/i;
const nameWords = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y;

/** URIs among the alternative names. Names are taken one after the other, so none can pretend to be another within its quotes. */
export const urisOf = (subjectaltname: string): string[] => {
  const uris: string[] = [];
  nameWords.lastIndex = 0;
  for (let match = nameWords.exec(subjectaltname); match && match[0] !== ''; match = nameWords.exec(subjectaltname)) {
    const [, kind, value = ''] = match;
    if (kind === 'URI' && !value.startsWith('"')) uris.push(value);
  }
  return uris;
};

/** Every IMEI that the certificate names, each once. A common name that is none is a name of something else. */
export const imeisOf = ({ subject, subjectaltname }: CertificateParts): string[] => {
  const commonNames = [subject?.CN ?? []].flat().filter((name) => imeiPattern.test(name));
  const urns = urisOf(subjectaltname ?? '').flatMap((uri) => {
    const match = urnPattern.exec(uri);
    return match ? [match.slice(1).join('')] : [];
  });
  return [...new Set([...commonNames, ...urns])];
};

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
  if (code === 'CERT_HAS_EXPIRED') return 'its time is over';
  if (code === 'CERT_NOT_YET_VALID') return 'its time has not begun';
  return `no CA of this server has signed it for a client (${code})`;
};

const read = (socket: TLSSocket): ClientCertificate | undefined => {
  const parts = socket.getPeerCertificate() as Partial<CertificateParts>;
  if (parts.fingerprint256 === undefined) return undefined;
  const certificate = parts as CertificateParts;
  return {
    distrust: socket.authorized ? undefined : reasonOf(socket.authorizationError),
    imeis: imeisOf(certificate),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBeforeMs: Date.parse(certificate.valid_from),
    notAfterMs: Date.parse(certificate.valid_to),
  };
};

/** A connection keeps its certificate: it is read once. */
const known = new WeakMap<TLSSocket, ClientCertificate>();

/** The certificate that was shown on a connection, whether or not it counts; undefined: none was, or there is no TLS. */
export const certificateOf = (socket: Socket): ClientCertificate | undefined => {
  if (!(socket instanceof TLSSocket)) return undefined;
  const present = known.get(socket);
  if (present) return present;
  const certificate = read(socket);
  if (certificate) known.set(socket, certificate);
  return certificate;
};
