import { once } from 'node:events';
import { type ClientRequest, createServer, request, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What stands before the processes of a cluster, as nginx would: devices to the gateways, everybody else to the API, in turns. */
export interface Front {
  readonly origin: string;
  readonly mqttOrigin: string;
  /** Where requests go from now on. */
  setTargets(targets: FrontTargets): void;
  close(): Promise<void>;
}

export interface FrontTargets {
  readonly gateways: readonly string[];
  readonly mqtt: readonly string[];
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

/** A connection to the first of some that takes one. */
const reach = async (origins: readonly string[]): Promise<Socket> => {
  let failure: unknown = new Error('there is nobody behind the front');
  for (const origin of origins) {
    const { hostname, port } = new URL(origin);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
};

/** In turns: another one is the first each time. */
const makeTurns = () => {
  let turn = 0;
  return (list: readonly string[]): readonly string[] => {
    const from = turn++ % Math.max(1, list.length);
    return [...list.slice(from), ...list.slice(0, from)];
  };
};

/** Joins who asks for another protocol with who speaks it. */
const upgrade = (onwards: ClientRequest, socket: Duplex, head: Buffer): void => {
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
};

export const openFront = async (first: FrontTargets): Promise<Front> => {
  let targets = first;
  const turns = makeTurns();
  const requestTo = async ({ url, method, headers }: IncomingMessage): Promise<ClientRequest> => {
    const socket = await reach(turns(isOfDevices(url) ? targets.gateways : targets.apis));
    return request({ method, path: url, headers, createConnection: () => socket });
  };
  const sockets = new Set<Duplex>();
  const server: Server = createServer((message, response) => {
    const unreachable = (): void => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    };
    requestTo(message).then((onwards) => {
      onwards.once('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.once('error', unreachable);
        response.once('close', () => answer.destroy());
      });
      onwards.once('error', unreachable);
      response.once('close', () => onwards.destroy());
      message.pipe(onwards);
    }, unreachable);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    requestTo(message).then(
      (onwards) => upgrade(onwards, socket, head),
      () => socket.destroy(),
    );
  });
  const mqtt = createTcpServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    reach(turns(targets.mqtt)).then(
      (onwards) => join(socket, onwards),
      () => socket.destroy(),
    );
  });
  for (const one of [server, mqtt]) await new Promise<void>((done) => one.listen(0, '127.0.0.1', done));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mqttOrigin: `mqtt://127.0.0.1:${(mqtt.address() as AddressInfo).port}`,
    setTargets: (next) => {
      targets = next;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([server, mqtt].map((one) => new Promise((done) => one.close(done))));
    },
  };
};
