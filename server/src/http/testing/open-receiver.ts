import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What was posted to an app's server. */
export interface ReceivedPost {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The server of an app on this machine: takes whatever is posted to it. */
export interface TestReceiver {
  readonly address: string;
  readonly received: readonly ReceivedPost[];
  /** What it answers from now on; a redirect leads to a port where nobody is. */
  answer: number;
  /** The posts as events, in the order in which they came. */
  events<Event>(): Event[];
  close(): void;
}

export const openReceiver = async (): Promise<TestReceiver> => {
  const received: ReceivedPost[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(receiver.answer, { location: 'http://127.0.0.1:1/' }).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const receiver: TestReceiver = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answer: 204,
    events: <Event>() => received.map(({ body }) => JSON.parse(body) as Event),
    close: () => void server.close(),
  };
  return receiver;
};
