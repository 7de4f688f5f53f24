import { closeSync, openSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Logger, type MilepostError, OperationalError } from '../kernel/index.ts';

/**
 * How a program beside the server speaks with it: a socket in the data folder, so whoever may read that folder may ask, and nobody else.
 * A line of JSON is a request, the next line from the other side is its answer.
 */
const socketName = 'control.sock';
/** Longest path of a socket: 107 bytes on Linux, 103 on macOS. */
const socketPathBytesMax = 103;
const lineBytesMax = 65_536;
const connectionsMax = 8;

interface SocketPlace {
  readonly path: string;
  close(): void;
}

/** A long path is reached through the open folder, which Linux shows as a short one. */
const placeOf = (dataFolder: string): SocketPlace => {
  const whole = path.join(path.resolve(dataFolder), socketName);
  if (Buffer.byteLength(whole) <= socketPathBytesMax) return { path: whole, close: () => {} };
  if (process.platform !== 'linux')
    throw new OperationalError(
      'unavailable',
      `${whole} is longer than ${socketPathBytesMax} bytes, the longest path of a socket`,
    );
  const folder = openSync(path.resolve(dataFolder), 'r');
  return { path: `/proc/self/fd/${folder}/${socketName}`, close: () => closeSync(folder) };
};

/** One connection: its requests come one after the other; what it holds is let go when it ends. */
export interface ControlSession {
  handle(command: string, body: unknown): Promise<unknown>;
  /** The other side is gone; a request of it may still be under way. */
  closed?(): void;
  /** And now none is. */
  ended(): Promise<void>;
}

export interface ControlSocket {
  close(): Promise<void>;
}

const serve = (socket: Socket, session: ControlSession, logger: Logger): void => {
  let last: Promise<void> = Promise.resolve();
  const answer = async (line: string): Promise<void> => {
    try {
      const { command, body } = JSON.parse(line) as { command: unknown; body?: unknown };
      socket.write(`${JSON.stringify({ answer: (await session.handle(String(command), body)) ?? null })}\n`);
    } catch (error) {
      logger.warn('a request on the control socket failed', { error });
      socket.write(`${JSON.stringify({ error: error instanceof Error ? error.message : String(error) })}\n`);
    }
  };
  socket.on('error', () => {});
  createInterface({ input: socket }).on('line', (line) => {
    if (line.length > lineBytesMax) socket.destroy();
    else last = last.then(() => answer(line));
  });
  socket.once('close', () => {
    session.closed?.();
    void last
      .then(() => session.ended())
      .catch((error: unknown) => logger.error('a control session did not end well', { error }));
  });
};

/** The caller holds the lock of the folder, so a socket that is there belongs to nobody. */
export const listenControl = async (
  dataFolder: string,
  openSession: () => ControlSession,
  logger: Logger,
): Promise<ControlSocket> => {
  const place = placeOf(dataFolder);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, openSession(), logger);
  });
  server.maxConnections = connectionsMax;
  await rm(place.path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.path, resolve);
  });
  await chmod(place.path, 0o600);
  return {
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      place.close();
    },
  };
};

export interface ControlClient {
  ask(command: string, body?: unknown): Promise<unknown>;
  /** The server has ended, or ended the connection. */
  isEnded(): boolean;
  close(): void;
}

const unavailable = (message: string, cause?: unknown): MilepostError => new OperationalError('unavailable', message, { cause });

/** Throws `unavailable` when no server of this version listens there. */
export const connectControl = async (dataFolder: string): Promise<ControlClient> => {
  const place = placeOf(dataFolder);
  const socket = createConnection(place.path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (cause) =>
      reject(unavailable(`the server of ${dataFolder} does not answer: it is just starting or stopping`, cause)),
    );
  }).finally(() => place.close());
  const waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(unavailable('the server has ended meanwhile'));
  });
  createInterface({ input: socket }).on('line', (line) => {
    const message = JSON.parse(line) as { answer?: unknown; error?: string };
    const next = waiting.shift();
    if (message.error === undefined) next?.resolve(message.answer);
    else next?.reject(unavailable(`the server says: ${message.error}`));
  });
  return {
    ask: (command, body) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(unavailable('the server has ended meanwhile'));
        waiting.push({ resolve, reject });
        socket.write(`${JSON.stringify({ command, body })}\n`);
      }),
    isEnded: () => socket.destroyed,
    close: () => socket.destroy(),
  };
};
