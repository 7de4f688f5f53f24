import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** Where it is. */
  readonly file: string;
  /** File with the key, too. */
  readonly both: string;
}

/** A certificate for 127.0.0.1 that vouches for itself, and its key. */
export const makeCertificate = (folder: string, name: string): Certificate => {
  const [key, certificate, both] = ['key', 'crt', 'pem'].map((kind) => path.join(folder, `${name}.${kind}`)) as [
    string,
    string,
    string,
  ];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
  const files = ['-nodes', '-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject, ...files], { stdio: 'ignore' });
  writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8'));
  return { certificate: readFileSync(certificate, 'utf8'), file: certificate, both };
};
