import type { ServerMessage } from './device-messages.ts';
import type { BufferedReport } from './encode-report.ts';
import type { TlsCredentials } from './send-request.ts';

/** Why a connection is over. */
export interface Ending {
  readonly why: string;
  /** The device was revoked: it never comes back. */
  readonly isFinal?: boolean;
  /** The token is no longer taken: log in anew. */
  readonly isTokenOver?: boolean;
  readonly retryAfterMs?: number;
}

/** What a connection tells the client; after `ended` nothing more. */
export interface ConnectionListener {
  opened(): void;
  heard(message: ServerMessage): void;
  ended(ending: Ending): void;
}

/** One connection of a device, whatever carries it. */
export interface Connection {
  /** Reports go out in this order. */
  send(report: BufferedReport): void;
  /** Hands over a new token without ending the connection. */
  renew(token: string): void;
  /** Says goodbye; resolves when the connection is closed. */
  goodbye(): Promise<void>;
  /** Ends at once, without a word. */
  terminate(): void;
}

export interface ConnectOptions {
  readonly server: string;
  /** Where MQTT is spoken. */
  readonly mqttServer?: string | undefined;
  readonly imei: string;
  /** Undefined: the certificate says who it is. */
  readonly token: string | undefined;
  readonly tls?: TlsCredentials | undefined;
  /** ms since the epoch, for times that a server names. */
  readonly now: () => number;
  readonly listener: ConnectionListener;
}

/** The header that says who it is; none when the certificate does. */
export const authorizationOf = (token: string | undefined): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

export type Connect = (options: ConnectOptions) => Connection;
