import type { ClientCertificate } from '../protocols/index.ts';
import type { Device, NewSecret } from '../registry/index.ts';

export interface IssuedToken {
  /** EdDSA JWT; `sub` is the device's id. */
  readonly token: string;
  readonly expiresAt: number;
}

/** Who speaks on a connection. Kept as long as the connection; `isValid` turns false on revocation. */
export interface DeviceIdentity {
  readonly device: Device;
  /** ms: when the token, or the certificate, ends. */
  readonly expiresAt: number;
}

export interface Devices {
  /**
   * Checks the secret in constant time whether or not the IMEI exists. Throws `unauthorized`; `too_many_failures` with
   * `retryAfterSeconds` after too many wrong ones for (IMEI, address) or address. A right secret always works.
   */
  login(imei: string, secret: string, address: string): Promise<IssuedToken>;
  /** Checks a token; verified ones are remembered by their hash. Throws `unauthorized`, `token_expired` or `revoked`. */
  authenticate(token: string): Promise<DeviceIdentity>;
  /** Whose certificate it is. Throws `certificate_refused` with the reason, or `revoked`. */
  authenticateCertificate(certificate: ClientCertificate): DeviceIdentity;
  /** A token for who showed a certificate; it ends with the certificate at the latest. */
  loginByCertificate(certificate: ClientCertificate): Promise<IssuedToken>;
  /**
   * The secret of a device, once while its enrolment window is open. Throws `unauthorized` when there is none, whatever the reason;
   * `too_many_failures` after too many of these for (IMEI, address) or address, then also when the window is open.
   */
  fetchSecret(imei: string, address: string): Promise<NewSecret>;
  /** Still what the device may log in with: it was not revoked, and has no other credentials since. */
  isCurrent(identity: DeviceIdentity): boolean;
  /** Called when a device is revoked: sockets close. */
  onRevoked(callback: (deviceNo: number) => void): () => void;
  /** Called when what a device may log in with has changed: it must log in anew. */
  onCredentialsChanged(callback: (deviceNo: number) => void): () => void;
  close(): Promise<void>;
}
