import { closeCodes, type ErrorCode } from '@milepost/contract';

/** Versions of the protocol by the number in CONNECT. */
export type MqttVersion = 4 | 5;

/** Reason codes of MQTT 5 that this server uses (OASIS MQTT 5.0, 2.4). */
export const reasons = {
  success: 0x00,
  unspecified: 0x80,
  malformed: 0x81,
  protocolError: 0x82,
  badCredentials: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  shuttingDown: 0x8b,
  banned: 0x8a,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  administrative: 0x98,
  payloadInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
} as const;
export type Reason = (typeof reasons)[keyof typeof reasons];

/** Return codes of CONNACK in MQTT 3.1.1 (3.2.2.3). */
const oldReturnCodes = new Map<Reason, number>([
  [reasons.success, 0],
  [reasons.serverUnavailable, 3],
  [reasons.quotaExceeded, 3],
  [reasons.badCredentials, 4],
  [reasons.notAuthorized, 5],
]);

export const returnCodeOf = (reason: Reason): number => oldReturnCodes.get(reason) ?? 5;

/** What CONNACK says to who is not let in, by the code of the error; anything else: come back later. */
const admissions: Partial<Record<ErrorCode, Reason>> = {
  unauthorized: reasons.badCredentials,
  forbidden: reasons.badCredentials,
  token_expired: reasons.notAuthorized,
  certificate_refused: reasons.notAuthorized,
  revoked: reasons.banned,
};

export const reasonOfError = (code: ErrorCode): Reason => admissions[code] ?? reasons.serverUnavailable;

/** What MQTT says for a close code that a session ends with. */
const closings = new Map<number, Reason>([
  [closeCodes.goingAway, reasons.shuttingDown],
  [closeCodes.tooLarge, reasons.packetTooLarge],
  [closeCodes.tryAgainLater, reasons.quotaExceeded],
  [closeCodes.tokenExpired, reasons.notAuthorized],
  [closeCodes.revoked, reasons.administrative],
  [closeCodes.tooManyConnections, reasons.sessionTakenOver],
  [closeCodes.unreadable, reasons.payloadInvalid],
]);

export const reasonOfClose = (code: number): Reason => closings.get(code) ?? reasons.unspecified;

export interface DeviceTopics {
  /** The device publishes its reports here. */
  readonly telemetry: string;
  /** Acknowledgements, rejections and errors are published here. */
  readonly ack: string;
  /** Reserved: nothing is published yet. */
  readonly command: string;
}

export const topicsOf = (imei: string): DeviceTopics => ({
  telemetry: `milepost/v1/${imei}/telemetry`,
  ack: `milepost/v1/${imei}/ack`,
  command: `milepost/v1/${imei}/command`,
});

/** What SUBACK grants for a filter: QoS 0 for what the device may hear, else a refusal. No wildcard is granted: there is nothing else to hear. */
export const grantOf = (filter: string, topics: DeviceTopics, version: MqttVersion): number => {
  if (filter === topics.ack || filter === topics.command) return 0;
  return version === 5 ? reasons.notAuthorized : 0x80;
};

export interface PublishHead {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly topicAlias?: number | undefined;
}

/** Why a PUBLISH ends the connection; undefined: it is a report. Nothing but the device's own reports may be published. */
export const refusalOf = ({ topic, qos, retain, topicAlias }: PublishHead, topics: DeviceTopics): Reason | undefined => {
  if (topicAlias !== undefined) return reasons.topicAliasInvalid;
  if (topic !== topics.telemetry) return reasons.notAuthorized;
  if (qos > 1) return reasons.qosNotSupported;
  return retain ? reasons.retainNotSupported : undefined;
};

export interface ConnectHead {
  readonly protocolVersion?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: Uint8Array | undefined;
  readonly authenticationMethod?: string | undefined;
}

export type ConnectDecision =
  | {
      /** Undefined: the certificate alone says who it is. */
      readonly imei: string | undefined;
      readonly token: string | undefined;
      readonly version: MqttVersion;
      readonly refused?: undefined;
    }
  | { readonly refused: Reason; readonly version: MqttVersion; readonly isUnknownVersion: boolean };

const imeiPattern = /^\d{15}$/;

/** Reads CONNECT: user name = IMEI, password = token of the device. Who shows a certificate may leave out both, or the password. */
export const decideConnect = (head: ConnectHead, hasCertificate = false): ConnectDecision => {
  const version = head.protocolVersion === 5 ? 5 : 4;
  const refuse = (refused: Reason, isUnknownVersion = false): ConnectDecision => ({ refused, version, isUnknownVersion });
  if (head.protocolVersion !== 4 && head.protocolVersion !== 5) return refuse(reasons.unspecified, true);
  if (head.authenticationMethod !== undefined) return refuse(reasons.badAuthenticationMethod);
  const { username = '', password = new Uint8Array() } = head;
  const token = password.length === 0 ? undefined : Buffer.from(password).toString('latin1');
  if (hasCertificate && username === '') return { imei: undefined, token, version };
  if (!imeiPattern.test(username) || (token === undefined && !hasCertificate)) return refuse(reasons.badCredentials);
  return { imei: username, token, version };
};
