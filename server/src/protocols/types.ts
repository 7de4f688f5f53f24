import type { LineSlice } from './http/read-lines.ts';

/** One connection of a device, whatever carries it. */
export interface DeviceTransport {
  /** Where the device speaks from, for limits and logs. */
  readonly address: string;
  send(text: string): void;
  /**
   * Called once for each message that `received` or `receivedFrame` was given, in their order: what it held is durable, or will never be
   * stored. What there was to say of it was sent before.
   */
  settled?(): void;
  /** Stops reading: what is on its way already may still arrive. */
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
}

/** What a listener tells about a connection it carries. */
export interface DeviceSession {
  /** A text frame. The bytes are read before it answers, or copied. */
  received(text: Uint8Array): void;
  /** A binary frame: docs/formats/device-frame.md. The bytes are read before it answers, or copied. */
  receivedFrame(bytes: Uint8Array): void;
  /** The device goes, and has said so without a message. */
  saidGoodbye(): void;
  closed(): void;
}

/** What the certificate that a device showed says. */
export interface ClientCertificate {
  /** Why it does not count, in words; undefined: it is signed by a CA that this server trusts. */
  readonly distrust: string | undefined;
  /** The IMEIs that it names, each once. */
  readonly imeis: readonly string[];
  /** Of its DER form: 64 small hexadecimal digits. */
  readonly sha256: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Lets devices in. Throws a MilepostError that says why not. */
export interface DeviceGate {
  /** `imei`: token and certificate must be of this device. Each of the two is enough; both must be of one device. */
  admit(
    token: string | undefined,
    imei?: string,
    certificate?: ClientCertificate,
  ): Promise<(transport: DeviceTransport) => DeviceSession>;
}

/** What a request to `POST /v1/telemetry` carries. */
export type TelemetryBody =
  | { readonly kind: 'json'; readonly text: Uint8Array }
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  /** Slices of samples, in order. */
  | { readonly kind: 'lines'; readonly bytes: number; readonly slices: Iterable<LineSlice> };

/** Takes what was sent by HTTP. */
export interface TelemetryHandler {
  /** Asked before the body is read, so that nobody unknown is listened to for long. Throws a MilepostError. */
  admitRequest(token: string | undefined, certificate?: ClientCertificate): Promise<TelemetryRequest>;
}

export interface TelemetryRequest {
  /** Resolves when it is durable. Throws a MilepostError. */
  handle(body: TelemetryBody): Promise<TelemetryAnswer>;
}

export interface TelemetryAnswer {
  /** The report's seq; absent when the report named none. */
  readonly ack?: number;
  /** Samples stored. */
  readonly stored: number;
  readonly rejected: readonly object[];
  readonly rejectedMore?: number;
  readonly adjusted: readonly object[];
  readonly serverTime: string;
}
