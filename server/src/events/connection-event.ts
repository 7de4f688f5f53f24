import { assert } from '../kernel/index.ts';

/**
 * Body of a connection record (kind 2).
 *
 *     0  u8   version (1)
 *     1  u8   event, see `connectionEvents`
 *     2  i64  detail: for `serverStarted` the last moment (ms) at which the server is known to have run, for `clockStepped` by how
 *             many ms the server's clock was set forward, else 0
 */
export const connectionEvents = {
  opened: 1,
  goodbye: 2,
  closed: 3,
  tokenExpired: 4,
  revoked: 5,
  serverStarted: 6,
  serverStopped: 7,
  serverAlive: 8,
  clockStepped: 9,
} as const;
export type ConnectionEventName = keyof typeof connectionEvents;

export interface ConnectionEvent {
  readonly event: ConnectionEventName;
  readonly detailMs: number;
}

export const connectionEventVersion = 1;
const bodyBytes = 10;
const names: ReadonlyMap<number, ConnectionEventName> = new Map(
  Object.entries(connectionEvents).map(([name, code]) => [code, name as ConnectionEventName]),
);

export const encodeConnectionEvent = (event: ConnectionEvent): Uint8Array => {
  const bytes = new Uint8Array(bodyBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, connectionEventVersion);
  view.setUint8(1, connectionEvents[event.event]);
  view.setBigInt64(2, BigInt(event.detailMs), true);
  return bytes;
};

/** `at` is where the body starts. Throws on a version or event this code does not know. */
export const decodeConnectionEvent = (view: DataView, at: number): ConnectionEvent => {
  assert(view.getUint8(at) === connectionEventVersion, `connection event has version ${view.getUint8(at)}, expected 1`);
  const event = names.get(view.getUint8(at + 1));
  assert(event, `connection event ${view.getUint8(at + 1)} is unknown`);
  return { event, detailMs: Number(view.getBigInt64(at + 2, true)) };
};
