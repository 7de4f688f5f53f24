import { CallerError, type Clock } from '../kernel/index.ts';
import type { ClientCertificate } from '../protocols/index.ts';
import type { Device, Registry } from '../registry/index.ts';
import type { DeviceIdentity } from './types.ts';

const refused = (why: string): CallerError => new CallerError('certificate_refused', `the certificate is not accepted: ${why}`);

/** Whose certificate it is and whether it counts. Throws `certificate_refused` with the reason, or `revoked`. */
export type CheckCertificate = (certificate: ClientCertificate) => DeviceIdentity;

const soleImei = ({ imeis }: ClientCertificate): string => {
  const [imei, another] = imeis;
  if (imei === undefined) throw refused('it names no IMEI, expected 15 digits as its common name or a URI urn:gsma:imei:…');
  if (another !== undefined) throw refused('it names more than one IMEI');
  return imei;
};

/** Of strangers' certificates nothing is said but that they are: who is registered hears only whom a CA of ours has signed for. */
export const makeCheckCertificate = (registry: Registry, clock: Clock): CheckCertificate => {
  const find = (certificate: ClientCertificate): Device => {
    const nowMs = clock.now();
    if (certificate.distrust !== undefined) throw refused(certificate.distrust);
    if (nowMs >= certificate.notAfterMs) throw refused('its time is over');
    if (nowMs < certificate.notBeforeMs) throw refused('its time has not begun');
    const device = registry.directory.deviceByImei(soleImei(certificate));
    if (!device) throw refused('no device has the IMEI that it names');
    return device;
  };
  return (certificate) => {
    const device = find(certificate);
    if (device.revokedAt !== null) throw new CallerError('revoked', 'the device was revoked');
    const { certificateSha256 } = device.credentials;
    if (certificateSha256 !== null && certificateSha256 !== certificate.sha256)
      throw refused('another one is pinned for the device');
    return { device, expiresAt: certificate.notAfterMs };
  };
};
