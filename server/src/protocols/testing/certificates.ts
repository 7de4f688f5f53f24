import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

// Certificates for tests: real ones, made here, so that no program need be installed.

x509.cryptoProvider.set(webcrypto as never);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

export interface TestCertificate {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** Of the DER form: 64 small hexadecimal digits. */
  readonly sha256: string;
}

export interface CertificateWishes {
  /** Like `CN=350000000000017`. */
  readonly subject: string;
  readonly uris?: readonly string[];
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  /** What it is for; clients unless told. */
  readonly usage?: 'client' | 'server';
}

export interface TestCa {
  /** PEM. */
  readonly certificate: string;
  issue(wishes: CertificateWishes): Promise<TestCertificate>;
}

const makeKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

const pemOfKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

const serial = (): string =>
  Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
    .toString('hex')
    .replace(/^./, '1');

const alternativeNames = ({ uris = [], dns = [], ip = [] }: CertificateWishes): x509.Extension[] => {
  const names = [
    ...uris.map((value) => ({ type: 'url' as const, value })),
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ip.map((value) => ({ type: 'ip' as const, value })),
  ];
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
};

/** A CA of its own, with a certificate that it signed itself. */
export const makeTestCa = async (name: string): Promise<TestCa> => {
  const keys = await makeKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 10 * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = async (wishes: CertificateWishes): Promise<TestCertificate> => {
    const own = await makeKeys();
    const purpose = wishes.usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: wishes.subject,
      issuer: ca.subject,
      notBefore: new Date(wishes.notBeforeMs ?? Date.now() - dayMs),
      notAfter: new Date(wishes.notAfterMs ?? Date.now() + dayMs),
      signingAlgorithm: algorithm,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [new x509.ExtendedKeyUsageExtension([purpose]), ...alternativeNames(wishes)],
    });
    const sha256 = createHash('sha256').update(Buffer.from(certificate.rawData)).digest('hex');
    return { certificate: certificate.toString('pem'), key: await pemOfKey(own.privateKey), sha256 };
  };
  return { certificate: ca.toString('pem'), issue };
};
