import { Agent } from 'node:https';
import type { TelemetryAnswerView } from '@milepost/contract/api';
import { ApiError, readAnswer } from './api-error.ts';
import { authorizationOf, type Connect, type ConnectOptions } from './connection.ts';
import { clientLimits } from './limits.ts';
import { sendRequest, tlsFieldsOf } from './send-request.ts';
import type { BufferedReport } from './encode-report.ts';

type PostOptions = Pick<ConnectOptions, 'now' | 'listener' | 'tls'> & {
  readonly signal: AbortSignal;
  readonly agent: Agent | undefined;
};

const typeOf = (payload: BufferedReport['payload']): string =>
  typeof payload === 'string' ? 'application/json' : 'application/vnd.milepost.report';

/** Of these answers the server says that the report will never be stored, however often it comes. */
const isHopeless = ({ status }: ApiError): boolean => status === 400 || status === 413 || status === 415;

/** Resolves when the report is durable; throws ApiError. */
const post = async (
  url: URL,
  token: string | undefined,
  { boot, seq, payload }: BufferedReport,
  options: PostOptions,
): Promise<void> => {
  const response = await sendRequest(url, {
    method: 'POST',
    headers: { ...authorizationOf(token), 'content-type': typeOf(payload) },
    body: typeof payload === 'string' ? payload : new Uint8Array(payload),
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(clientLimits.requestTimeoutMs)]),
    tls: options.tls,
    agent: options.agent,
  });
  const answer = (await readAnswer(response, options.now())) as TelemetryAnswerView;
  if (answer.rejected.length > 0 || answer.adjusted.length > 0)
    options.listener.heard({ kind: 'verdict', verdict: { ...answer, boot, seq } });
};

/** `POST /v1/telemetry`: a report a request, one after the other, on a connection that is kept. There is no goodbye: silence says the same. */
export const connectHttp: Connect = ({ server, token: firstToken, tls, now, listener }) => {
  const url = new URL('/v1/telemetry', server);
  const waiting: BufferedReport[] = [];
  const aborter = new AbortController();
  const agent = tls && new Agent({ keepAlive: true, maxSockets: 1, ...tlsFieldsOf(tls) });
  const options: PostOptions = { now, listener, tls, agent, signal: aborter.signal };
  let token = firstToken;
  let isSending = false;
  let isOver = false;

  const settle = async (report: BufferedReport): Promise<void> => {
    try {
      await post(url, token, report, options);
    } catch (error) {
      if (!(error instanceof ApiError) || !isHopeless(error)) throw error;
      const { code, detail = error.message } = error.problem ?? { code: 'bad_request' as const };
      listener.heard({ kind: 'error', problem: { code, detail }, seq: report.seq });
    }
    if (!isOver) listener.heard({ kind: 'ack', boot: report.boot, ack: report.seq });
  };
  const fail = (error: unknown): void => {
    if (isOver) return;
    isOver = true;
    agent?.destroy();
    const isApi = error instanceof ApiError;
    listener.ended({
      why: error instanceof Error ? error.message : String(error),
      isFinal: isApi && error.problem?.code === 'revoked',
      isTokenOver: isApi && error.status === 401,
      retryAfterMs: isApi ? error.retryAfterMs : 0,
    });
  };
  const sendNext = async (): Promise<void> => {
    if (isSending) return;
    isSending = true;
    try {
      for (let report = waiting.shift(); report && !isOver; report = waiting.shift()) await settle(report);
    } catch (error) {
      fail(error);
    }
    isSending = false;
  };
  queueMicrotask(() => {
    if (!isOver) listener.opened();
  });
  return {
    send: (report) => {
      waiting.push(report);
      void sendNext();
    },
    renew: (next) => {
      token = next;
    },
    goodbye: () => {
      isOver = true;
      aborter.abort();
      agent?.destroy();
      return Promise.resolve();
    },
    terminate: () => {
      fail(new Error('the connection was given up'));
      aborter.abort();
    },
  };
};
