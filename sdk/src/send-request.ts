import { type Agent, request } from 'node:https';

/** What TLS is spoken with, each as PEM: the device's own certificate and key, and the CAs that the server's must be signed by. */
export interface TlsCredentials {
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
}

export interface OutgoingRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  readonly tls?: TlsCredentials | undefined;
  /** Keeps the connection for the next request; it has the credentials already. */
  readonly agent?: Agent | undefined;
}

/** What Node takes of the credentials. */
export const tlsFieldsOf = ({ cert, key, ca }: TlsCredentials) => ({
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
  ...(ca === undefined ? {} : { ca: Array.isArray(ca) ? [...(ca as readonly (string | Buffer)[])] : (ca as string | Buffer) }),
});

const sendByTls = (url: URL, { method, headers, body, signal, tls = {}, agent }: OutgoingRequest): Promise<Response> =>
  new Promise((resolve, reject) => {
    // Without an agent of its own the connection ends with the answer.
    const sent = request(url, { method, headers, signal, ...tlsFieldsOf(tls), agent: agent ?? false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        const fields = Object.entries(response.headers).flatMap(([name, value]): [string, string][] =>
          value === undefined ? [] : [[name, String(value)]],
        );
        resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers: fields }));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** Sends a request; with credentials by Node's own client, since `fetch` knows no certificates. */
export const sendRequest = (url: URL, outgoing: OutgoingRequest): Promise<Response> => {
  if (outgoing.tls && url.protocol === 'https:') return sendByTls(url, outgoing);
  const { method, headers, body, signal } = outgoing;
  return fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) });
};
