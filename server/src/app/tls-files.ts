import { readFile } from 'node:fs/promises';
import { CallerError, type Clock, type Logger } from '../kernel/index.ts';
import { checkTlsFiles, type TlsFiles } from '../protocols/index.ts';
import { repeat } from './repeat.ts';
import { type Configuration, settings } from './settings.ts';

/** How often it is looked whether the files have changed. */
export const tlsFilesCheckMs = 10_000;

type PathSetting = 'deviceTlsCertificate' | 'deviceTlsKey' | 'deviceTlsClientCa' | 'tlsCertificate' | 'tlsKey';
type FileSettings = { readonly certificate: PathSetting; readonly key: PathSetting; readonly clientCa?: PathSetting };

/** Of the listeners of devices. */
export const deviceTlsFiles: FileSettings = {
  certificate: 'deviceTlsCertificate',
  key: 'deviceTlsKey',
  clientCa: 'deviceTlsClientCa',
};
/** Of the listener of everybody else. */
export const webTlsFiles: FileSettings = { certificate: 'tlsCertificate', key: 'tlsKey' };

const readOne = async (configuration: Configuration, key: PathSetting | undefined): Promise<string | undefined> => {
  const path = key && configuration[key];
  if (key === undefined || path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { name: field } = settings[key];
    throw new CallerError('invalid_field', `${field} is ${JSON.stringify(path)}, which cannot be read`, { field, cause });
  }
};

/** The files that the settings name. Throws when one cannot be read, or when they do not fit together. */
export const readTlsFiles = async (configuration: Configuration, from: FileSettings): Promise<TlsFiles> => {
  const [certificate = '', key = '', clientCa] = await Promise.all([
    readOne(configuration, from.certificate),
    readOne(configuration, from.key),
    readOne(configuration, from.clientCa),
  ]);
  const files = { certificate, key, clientCa };
  if (clientCa !== undefined && !clientCa.includes('-----BEGIN CERTIFICATE-----'))
    throw new CallerError('invalid_field', `${settings.deviceTlsClientCa.name} names a file without a certificate in PEM`);
  try {
    checkTlsFiles(files);
  } catch (cause) {
    const names = `${settings[from.certificate].name}, ${settings[from.key].name}`;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CallerError('invalid_field', `the files of ${names} do not fit together: ${why}`, { cause });
  }
  return files;
};

export interface TlsFilesWatch {
  readonly configuration: Configuration;
  readonly from: FileSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with files that fit together and are others than before. */
  readonly changed: (files: TlsFiles) => void;
}

const isSame = (a: TlsFiles, b: TlsFiles): boolean =>
  a.certificate === b.certificate && a.key === b.key && a.clientCa === b.clientCa;

/** Follows the files. While they do not fit together, as between the writing of a certificate and of its key, the ones before go on. */
export const watchTlsFiles = (first: TlsFiles, { configuration, from, clock, logger, changed }: TlsFilesWatch): (() => void) => {
  let current = first;
  const look = async (): Promise<void> => {
    const files = await readTlsFiles(configuration, from);
    if (isSame(files, current)) return;
    current = files;
    changed(files);
    logger.info('the certificate files were read anew', { setting: settings[from.certificate].name });
  };
  return repeat(clock, tlsFilesCheckMs, () => {
    look().catch((error: unknown) => logger.error('the certificate files cannot be used, the ones before go on', { error }));
  });
};
