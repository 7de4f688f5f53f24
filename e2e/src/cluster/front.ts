import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** What stands before the processes of a cluster, as nginx would: devices to the gateways, everybody else to the API, in turns. */
export interface Front {
  readonly origin: string;
  /** Where requests go from now on. */
  setTargets(targets: FrontTargets): void;
  close(): Promise<void>;
}

export interface FrontTargets {
  readonly gateways: readonly string[];
  readonly apis: readonly string[];
}

const isOfDevices = (url: string | undefined): boolean => {
  const path = (url ?? '').split('?', 1)[0] ?? '';
  return (
    path === '/v1/telemetry' ||
    ['/v1/devices/stream', '/v1/devices/login', '/v1/devices/token', '/v1/device-enrolments'].includes(path)
  );
};

/** An answer as it came. */
const headOf = ({ rawHeaders }: IncomingMessage, statusLine: string): string => {
  let head = `${statusLine}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return `${head}\r\n`;
};

const join = (one: Duplex, other: Duplex): void => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
  }
};

export const openFront = async (first: FrontTargets): Promise<Front> => {
  let targets = first;
  let turn = 0;
  const optionsOf = (message: IncomingMessage) => {
    const list = isOfDevices(message.url) ? targets.gateways : targets.apis;
    const target = new URL(list[turn++ % list.length] as string);
    return {
      host: target.hostname,
      port: target.port,
      method: message.method,
      path: message.url,
      headers: message.headers,
    };
  };
  const sockets = new Set<Duplex>();
  const server: Server = createServer((message, response) => {
    const onwards = request(optionsOf(message), (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      response.once('close', () => answer.destroy());
    });
    onwards.once('error', () => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
    message.pipe(onwards);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    const onwards = request(optionsOf(message));
    onwards.once('error', () => socket.destroy());
    onwards.once('response', (answer) => {
      // The upgrade is refused: the answer goes back as it is.
      socket.write(headOf(answer, `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`));
      answer.pipe(socket);
    });
    onwards.once('upgrade', (answer, upstream, upstreamHead) => {
      socket.write(headOf(answer, 'HTTP/1.1 101 Switching Protocols'));
      if (upstreamHead.length > 0) socket.write(upstreamHead);
      if (head.length > 0) upstream.write(head);
      join(socket, upstream);
    });
    onwards.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setTargets: (next) => {
      targets = next;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
};
