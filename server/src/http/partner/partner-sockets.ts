import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { closeCodes } from '@milepost/contract';
import { feedApiLimits } from '@milepost/contract/api';
import { type WebSocket, WebSocketServer } from 'ws';
import { feedStreamLimits, type StreamEnd, type StreamSink } from '../../feeds/index.ts';
import { invalidField } from '../../kernel/index.ts';
import { refuseUpgrade } from '../../protocols/index.ts';
import { authenticatePartner } from '../access/authenticate.ts';
import { checkHost } from '../access/check-host.ts';
import { toMilepostError } from '../problems.ts';
import type { HttpDeps, HttpStreams, UpgradeHandler } from '../types.ts';
import { type FeedStreamDeps, streamOwnerOf } from './open-streams.ts';

type Deps = Pick<HttpDeps, 'oauth' | 'consents' | 'feed' | 'config' | 'clock' | 'logger'> & FeedStreamDeps;

export const partnerStreamPath = '/v1/partner/stream';

const closings: Readonly<Record<StreamEnd, readonly [code: number, reason: string]>> = {
  token_ended: [closeCodes.tokenExpired, 'the token has ended'],
  unavailable: [closeCodes.tryAgainLater, 'try again, with the last cursor'],
  too_slow: [closeCodes.tryAgainLater, 'too slow: try again, with the last cursor'],
  going_away: [closeCodes.goingAway, 'the server stops'],
};

/** Whoever does not answer is gone; whoever sends anything has misunderstood. */
const keepAlive = (socket: WebSocket, clock: Deps['clock']): (() => void) => {
  let isSilent = false;
  let cancel = (): void => {};
  const beat = (): void => {
    cancel = clock.after(feedStreamLimits.beatEveryMs, () => {
      if (isSilent) socket.terminate();
      else {
        isSilent = true;
        socket.ping();
        beat();
      }
    });
  };
  socket.on('pong', () => {
    isSilent = false;
  });
  socket.on('message', () => socket.close(closeCodes.unreadable, 'nothing is taken on this stream'));
  beat();
  return () => cancel();
};

const sinkOf = (socket: WebSocket): StreamSink => ({
  send: (_type, text) => socket.send(text),
  unsentBytes: () => socket.bufferedAmount,
  close: (end) => {
    socket.close(...closings[end]);
    if (end === 'too_slow') socket.terminate();
  },
});

const cursorOf = (request: IncomingMessage): string | undefined => {
  const cursor = new URL(request.url ?? '', 'http://here').searchParams.get('cursor') ?? undefined;
  if (cursor !== undefined && cursor.length > feedApiLimits.cursorCharactersMax) throw invalidField('cursor', '', 'a cursor');
  return cursor;
};

/** `/v1/partner/stream` by WebSocket: one JSON event a text frame. */
export const makePartnerSockets = (deps: Deps): UpgradeHandler => {
  const { oauth, consents, feed, feedStreams, config, clock, logger } = deps;
  const server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: 1024 });
  const admit = async (request: IncomingMessage) => {
    checkHost(request.headers.host, request.socket, config.allowedHosts);
    const caller = await authenticatePartner(request.headers, oauth);
    const { appNo } = caller.token.app;
    await consents.catchUp();
    feedStreams.checkRoom(appNo);
    const cursor = cursorOf(request);
    const owner = streamOwnerOf(deps, caller, request.headers);
    return { owner, from: cursor === undefined ? undefined : feed.position(cursor, appNo) };
  };
  const accept = async (socket: WebSocket, { owner, from }: Awaited<ReturnType<typeof admit>>): Promise<void> => {
    const stop = keepAlive(socket, clock);
    let end = (): void => {};
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      stop();
      end();
    });
    try {
      const connection = await feedStreams.open(owner, sinkOf(socket), from);
      end = () => feedStreams.end(connection, 'going_away');
      if (socket.readyState === socket.CLOSED) end();
    } catch (error) {
      logger.warn('a stream could not be opened', { error });
      socket.close(...closings.unavailable);
    }
  };
  return {
    handleUpgrade: (request, socket, head) => {
      const gone = (): void => void socket.destroy();
      socket.once('error', gone);
      admit(request).then(
        (admitted) => {
          socket.off('error', gone);
          if (!socket.destroyed) server.handleUpgrade(request, socket, head, (webSocket) => void accept(webSocket, admitted));
        },
        (error: unknown) => refuseUpgrade(socket, toMilepostError(error)),
      );
    },
  };
};

/** Upgrades of browsers and of apps, by their addresses. */
export const joinStreams = (browsers: HttpStreams, partners: UpgradeHandler): HttpStreams => ({
  viewers: () => browsers.viewers(),
  handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isPartners = (request.url ?? '').split('?', 1)[0] === partnerStreamPath;
    (isPartners ? partners : browsers).handleUpgrade(request, socket, head);
  },
});
