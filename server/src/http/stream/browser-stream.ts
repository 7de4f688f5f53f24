import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { closeCodes } from '@milepost/contract';
import { type StreamRequest, streamLimits } from '@milepost/contract/stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { OperationalError } from '../../kernel/index.ts';
import { refuseUpgrade } from '../../protocols/index.ts';
import type { Drivers, Possessions } from '../../registry/index.ts';
import type { GrantBook, Reader, Scopes } from '../../sharing/index.ts';
import { authenticate, type Caller } from '../access/authenticate.ts';
import type { ListReadParts } from '../access/list-reads.ts';
import { checkHost } from '../access/check-host.ts';
import { checkOrigin } from '../access/check-origin.ts';
import { toMilepostError } from '../problems.ts';
import type { HttpDeps, HttpStreams } from '../types.ts';
import { browserStreamLimits } from './limits.ts';
import { MapAudience } from './map-audience.ts';
import { readRequest } from './read-request.ts';
import { StreamReads } from './stream-reads.ts';
import { StatusFeed } from './status-feed.ts';
import { WarningFeed } from './warning-feed.ts';
import { notShown, VehicleWatches } from './vehicle-watch.ts';
import { encodeMessage, Viewer } from './viewer.ts';

export interface BrowserStreamDeps extends Pick<HttpDeps, 'live' | 'vocabulary' | 'clock' | 'logger' | 'access'> {
  readonly people: { readonly sessions: Pick<HttpDeps['people']['sessions'], 'bySession' | 'byToken' | 'listen'> };
  readonly registry: Pick<HttpDeps['registry'], 'directory'> & {
    readonly drivers: Pick<Drivers, 'directory'>;
    readonly possessions: Pick<Possessions, 'directory'>;
  };
  readonly warnings: Pick<HttpDeps['warnings'], 'listen' | 'isShown'>;
  readonly scopes: Scopes;
  /** Left out: nobody reads what is somebody else's. */
  readonly reads?: ListReadParts;
  /** Left out: nobody reads by what others granted. */
  readonly grants?: Pick<GrantBook, 'onChange'>;
  readonly config: Pick<HttpDeps['config'], 'allowedHosts' | 'allowedOrigins' | 'door'>;
}

export interface BrowserStream extends HttpStreams {
  /** Closes every socket with 1001. */
  close(): void;
}

const textOf = (data: RawData): string =>
  (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString('utf8');

class Stream implements BrowserStream {
  readonly #deps: BrowserStreamDeps;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: streamLimits.messageBytesMax,
  });
  readonly #viewers = new Set<Viewer>();
  readonly #audiences = new Map<string, MapAudience>();
  readonly #watches: VehicleWatches;
  readonly #reads: StreamReads | undefined;
  readonly #feed: StatusFeed;
  readonly #warnings: WarningFeed;
  readonly #stopListening: readonly (() => void)[];
  readonly #cancels = new Map<string, () => void>();
  #isClosed = false;

  constructor(deps: BrowserStreamDeps) {
    this.#deps = deps;
    this.#reads = deps.reads && new StreamReads(deps.reads);
    const { live, warnings, registry, vocabulary, clock } = deps;
    this.#watches = new VehicleWatches({
      live,
      directory: registry.directory,
      drivers: registry.drivers.directory,
      vocabulary,
      clock,
      reads: this.#reads,
    });
    this.#feed = new StatusFeed(registry.directory);
    this.#warnings = new WarningFeed(registry.directory, warnings);
    const whenWatched = <T>(note: (what: T) => void): ((what: T) => void) => {
      return (what) => (this.#viewers.size > 0 ? note(what) : undefined);
    };
    this.#stopListening = [
      live.listen({
        vehicleChanged: (vehicleNo) => this.#watches.noteChange(vehicleNo),
        statusChanged: whenWatched((change) => this.#feed.note(change)),
      }),
      deps.people.sessions.listen((personNos) => this.#recheck(personNos)),
      registry.possessions.directory.onChange(() => {
        for (const viewer of this.#viewers) this.#refresh(viewer, viewer.reader);
      }),
      deps.grants?.onChange(() => {
        // Whose first grant it was sees something else than by themselves.
        for (const viewer of this.#viewers) this.#refresh(viewer, viewer.reader);
      }) ?? (() => {}),
      warnings.listen({
        changed: whenWatched((changes) => this.#warnings.note(changes)),
        outdated: () => this.#warnings.noteGap(),
      }),
    ];
    this.#every('map', streamLimits.mapIntervalMs, () => this.#sendMaps());
    this.#every('changes', streamLimits.vehicleIntervalMs, () => this.#sendChanges());
    this.#every('ping', browserStreamLimits.pingEveryMs, () => this.#pingAll());
  }

  viewers(): number {
    return this.#viewers.size;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // While it is found out who asks: a socket without a hearer of its errors would end the process.
    const gone = (): void => void socket.destroy();
    socket.once('error', gone);
    this.#admit(request).then(
      (caller) => {
        socket.off('error', gone);
        if (socket.destroyed) return;
        this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, request, caller));
      },
      (error: unknown) => {
        const known = toMilepostError(error);
        if (known.code === 'internal') this.#deps.logger.error('admitting a browser failed', { error });
        refuseUpgrade(socket, known);
      },
    );
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stopListening) stop();
    for (const cancel of this.#cancels.values()) cancel();
    for (const viewer of this.#viewers) viewer.socket.close(closeCodes.goingAway, 'the server stops');
    // Who does not answer the close would keep the server from ending.
    this.#deps.clock.after(browserStreamLimits.closeGraceMs, () => {
      for (const viewer of this.#viewers) viewer.socket.terminate();
    });
  }

  async #admit(request: IncomingMessage): Promise<Caller> {
    const { config } = this.#deps;
    const { host, origin } = request.headers;
    checkHost(host, request.socket, config.allowedHosts);
    const caller = await this.#callerOf(request);
    checkOrigin(origin, {
      host: host?.toLowerCase() ?? '',
      allowedOrigins: config.allowedOrigins,
      isRequired: caller.by === 'cookie',
    });
    if (this.#isClosed || this.#viewers.size >= browserStreamLimits.viewersMax) {
      throw new OperationalError('overloaded', `no further viewer is taken (at most ${browserStreamLimits.viewersMax})`, {
        retryAfterSeconds: 10,
      });
    }
    return caller;
  }

  /** Whoever let somebody in may have ended it: a change of that person is a reason to ask once more. */
  #recheck(personNos: readonly number[] | null): void {
    for (const viewer of this.#viewers)
      if (viewer.personNo !== null && (personNos === null || personNos.includes(viewer.personNo))) this.#recheckOne(viewer);
  }

  #recheckOne(viewer: Viewer): void {
    this.#callerOf(viewer.request).then(
      (caller) => this.#refresh(viewer, caller.reader),
      (error: unknown) => {
        const known = toMilepostError(error);
        // Not known whether it has ended: who is signed in goes on watching, and is asked about with the next change.
        if (known.status >= 500) this.#deps.logger.warn('a viewer could not be checked once more', { error });
        else viewer.socket.close(closeCodes.revoked, 'the session has ended');
      },
    );
  }

  /** Who sees something else than the others of the audience by now begins anew. */
  #refresh(viewer: Viewer, reader: Reader): void {
    if (this.#deps.scopes.of(reader).audience === viewer.scope.audience) return;
    viewer.socket.close(closeCodes.tryAgainLater, 'what may be seen has changed: connect again');
    this.#forget(viewer);
  }

  #callerOf(request: IncomingMessage): Promise<Caller> {
    return authenticate(request.headers, this.#deps.config.door.clientOf(request).address, this.#deps);
  }

  #accept(socket: WebSocket, request: IncomingMessage, caller: Caller): void {
    const { address } = this.#deps.config.door.clientOf(request);
    const viewer = new Viewer(socket, this.#deps.scopes.of(caller.reader), request, caller, address);
    this.#viewers.add(viewer);
    socket.on('message', (data: RawData, isBinary: boolean) => {
      viewer.isSilent = false;
      const message = isBinary ? undefined : readRequest(textOf(data));
      if (message) this.#serve(viewer, message);
      else socket.close(closeCodes.unreadable, 'expected {"subscribe": "map"} or {"subscribe": "vehicle", "id": …}');
    });
    socket.on('pong', () => {
      viewer.isSilent = false;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#forget(viewer));
    // What let them in may have ended while it was looked up, when they were none of the viewers yet.
    if (viewer.personNo !== null) this.#recheckOne(viewer);
  }

  #serve(viewer: Viewer, message: StreamRequest): void {
    if ('subscribe' in message) {
      if (message.subscribe === 'map') this.#audienceOf(viewer).add(viewer);
      else this.#watch(viewer, message.id);
    } else if (message.unsubscribe === 'map') this.#leaveMap(viewer);
    else {
      const vehicle = this.#deps.registry.directory.vehicleById(message.id);
      if (vehicle) this.#watches.remove(viewer, vehicle.vehicleNo);
    }
  }

  #watch(viewer: Viewer, id: string): void {
    const vehicle = this.#deps.registry.directory.vehicleById(id);
    if (!vehicle) viewer.send(notShown(id), false);
    else if (viewer.watched.size < streamLimits.watchedVehiclesMax || viewer.watched.has(vehicle.vehicleNo))
      this.#watches.add(viewer, vehicle.vehicleNo, id);
    else if (!viewer.scope.allowsVehicle(vehicle.vehicleNo)) viewer.send(notShown(id), false);
    else {
      const detail = `at most ${streamLimits.watchedVehiclesMax} vehicles can be watched at a time`;
      viewer.send(encodeMessage({ type: 'problem', code: 'too_many_requests', detail }), false);
    }
  }

  #audienceOf(viewer: Viewer): MapAudience {
    const { scope } = viewer;
    const known = this.#audiences.get(scope.audience);
    if (known) return known;
    const { live, registry } = this.#deps;
    const audience = new MapAudience({ live, directory: registry.directory, reads: this.#reads }, viewer);
    this.#audiences.set(scope.audience, audience);
    return audience;
  }

  #leaveMap(viewer: Viewer): void {
    const audience = this.#audiences.get(viewer.scope.audience);
    audience?.remove(viewer);
    if (audience?.isEmpty) this.#audiences.delete(viewer.scope.audience);
  }

  #forget(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    this.#leaveMap(viewer);
    for (const vehicleNo of viewer.watched) this.#watches.remove(viewer, vehicleNo);
  }

  #sendMaps(): void {
    const tick = this.#deps.live.closeMapTick();
    for (const audience of this.#audiences.values()) audience.tick(tick);
  }

  #sendChanges(): void {
    this.#watches.flush();
    this.#feed.flush(this.#viewers);
    this.#warnings.flush(this.#viewers);
  }

  /** Ends who is gone or whose session is over, and asks the others whether they are there. */
  #pingAll(): void {
    const nowMs = this.#deps.clock.now();
    for (const viewer of this.#viewers) {
      if (viewer.expiresAt !== null && viewer.expiresAt <= nowMs)
        viewer.socket.close(closeCodes.tokenExpired, 'the session has ended');
      else if (viewer.isSilent) viewer.socket.terminate();
      else {
        viewer.isSilent = true;
        viewer.socket.ping();
      }
    }
  }

  #every(name: string, intervalMs: number, run: () => void): void {
    const again = (): void => {
      this.#cancels.set(
        name,
        this.#deps.clock.after(intervalMs, () => {
          again();
          try {
            run();
          } catch (error) {
            this.#deps.logger.error('a stream could not be served', { stream: name, error });
          }
        }),
      );
    };
    again();
  }
}

/** `/v1/stream`: a map frame a second, a watched vehicle's values, status changes and warnings as they come. */
export const openBrowserStream = (deps: BrowserStreamDeps): BrowserStream => new Stream(deps);
