import { WebSocket } from 'ws';

const waitMaxMs = 10_000;

/** A message of the server, before anything is known of it. */
export interface ServerMessage {
  readonly boot?: number;
  readonly ack?: number;
  readonly seq?: number;
  readonly serverTime?: string;
  readonly tokenExpiresAt?: string;
  readonly rejected?: readonly { readonly sample?: number; readonly signal?: string; readonly reason: string }[];
  readonly adjusted?: readonly object[];
  readonly error?: { readonly code: string; readonly detail: string; readonly field?: string };
}

/** A device on `/v1/devices/stream`: keeps what it hears, in order. */
export interface DeviceSocket {
  readonly socket: WebSocket;
  readonly heard: ServerMessage[];
  /** Sends texts and bytes as they are, anything else as JSON. */
  readonly send: (message: unknown) => void;
  readonly until: <T>(find: (heard: readonly ServerMessage[]) => T | undefined, what: string) => Promise<T>;
  readonly closed: Promise<number>;
}

export const ackedSeq = (heard: readonly ServerMessage[]): number =>
  heard.reduce((highest, { ack }) => Math.max(highest, ack ?? -1), -1);

/** Opens the stream; fails with the status when it is refused. */
export const openDeviceSocket = async (origin: string, token: string): Promise<DeviceSocket> => {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/v1/devices/stream`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const heard: ServerMessage[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data: Buffer) => {
    heard.push(JSON.parse(data.toString('utf8')) as ServerMessage);
    for (const look of waiting) look();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, response) => reject(new Error(`status ${response.statusCode}`)));
    socket.once('error', reject);
  });
  return {
    socket,
    heard,
    closed,
    send: (message) => {
      const isRaw = typeof message === 'string' || message instanceof Uint8Array;
      socket.send(isRaw ? message : JSON.stringify(message));
    },
    until: (find, what) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = find(heard);
          if (found === undefined) return;
          waiting.delete(look);
          clearTimeout(timer);
          resolve(found);
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`${what}: not within ${waitMaxMs} ms; heard last ${JSON.stringify(heard.slice(-3))}`));
        }, waitMaxMs);
        waiting.add(look);
        look();
      }),
  };
};
