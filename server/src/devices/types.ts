import type { Device } from '../registry/index.ts';

export interface IssuedToken {
  /** EdDSA JWT; `sub` is the device's id. */
  readonly token: string;
  readonly expiresAt: number;
}

/** Who speaks on a connection. Kept as long as the connection; `isValid` turns false on revocation. */
export interface DeviceIdentity {
  readonly device: Device;
  /** ms: when the token ends. */
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
  /** Called when a device is revoked: sockets close. */
  onRevoked(callback: (deviceNo: number) => void): () => void;
  close(): Promise<void>;
}
