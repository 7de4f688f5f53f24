import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Vocabulary } from '@milepost/contract';
import type { MapStyle, NewRebuild, RebuildView, SystemView } from '@milepost/contract/api';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { Warnings } from '../alerts/index.ts';
import type { Devices } from '../devices/index.ts';
import type { Erasures } from '../erasure/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import type { AttachTail, Feed, Webhooks } from '../feeds/index.ts';
import type { History } from '../history/index.ts';
import type { Clock, ClientDoor, Logger } from '../kernel/index.ts';
import type { Lake } from '../lake/index.ts';
import type { Live } from '../live/index.ts';
import type { Oauth } from '../oauth/index.ts';
import type { Partners } from '../partners/index.ts';
import type { TlsFiles } from '../protocols/index.ts';
import type { Consents, Invitations, Receipts, VehicleIds } from '../sharing/index.ts';
import type { People } from '../people/index.ts';
import type { PersonErasures } from '../person-erasure/index.ts';
import type { PersonalExports } from '../personal-data/index.ts';
import type { Registry, Retention } from '../registry/index.ts';
import type { Reports } from '../reports/index.ts';
import type { Sandbox } from '../sandbox/index.ts';
import type { Trips, TripsStatistics } from '../trips/index.ts';
import type { OperatorAccess } from './access/operator-access.ts';

/** One part of the server and whether it can do its work. */
export interface PartReadiness {
  readonly name: string;
  readonly isReady: boolean;
  readonly detail?: string;
}

/** What the web app and /v1/config are told. */
export interface HttpConfig {
  readonly version: string;
  /** Null: the outlines that are built in. */
  readonly mapStyle: MapStyle | null;
  /** Further origins that the style needs: tiles, fonts. */
  readonly mapOrigins: readonly string[];
  /** A PMTiles archive of this machine that is served; undefined: there is none. */
  readonly mapTilesFile: string | undefined;
  readonly isDemo: boolean;
  readonly demoNotes: readonly string[];
  readonly lateAfterSeconds: number;
  readonly offlineAfterSeconds: number;
  /** Host header values besides loopback names with our port, in small letters. */
  readonly allowedHosts: readonly string[];
  /** Origins besides our own, in small letters. */
  readonly allowedOrigins: readonly string[];
  /** Browsers reach us by https, ours or that of a proxy: cookies are marked Secure, and browsers come by no other way again. */
  readonly isHttps: boolean;
  /** Of our own https; undefined: plain HTTP. */
  readonly tls: TlsFiles | undefined;
  readonly door: ClientDoor;
  /** Folder of the built web app. */
  readonly webRoot: string;
}

/** What the door of the devices counts. */
export interface GateFigures {
  readonly ingest: () => {
    readonly reports: number;
    readonly samples: number;
    readonly values: number;
    readonly heartbeats: number;
    readonly adjusted: number;
    readonly rejected: Readonly<Record<string, number>>;
  };
  readonly deviceConnections: () => number;
  /** Devices that report much, the busiest first; and how often one was slowed down for it. */
  readonly busiestDevices: () => readonly { readonly deviceId: string; readonly reportsPerSecond: number }[];
  readonly deviceThrottles: () => number;
}

/** What is counted about the read models. */
export interface ModelFigures {
  readonly live: Pick<Live, 'statistics'>;
  readonly history: Pick<History, 'statistics'>;
  /** ms by which they are behind the log. */
  readonly lagMs: () => number;
  /** Records that a read model could not apply: put aside, and those for which there was no room. */
  readonly deadLetters: () => number;
  readonly deadLettersUnwritten: () => number;
  /** Vehicles of the log that the registry does not know. */
  readonly unknownVehicles: () => number;
}

/** The rebuild of a read model that runs, or the last one. */
export interface RebuildFigures {
  readonly isRunning: boolean;
  readonly progress:
    | { readonly percent: number; readonly recordsPerSecond: number; readonly secondsLeft: number | null }
    | undefined;
  /** Found by the last one that was put in place. */
  readonly differences: number;
  readonly finished: number;
  readonly swapped: number;
}

/** What /metrics shows, by what the process does: what it does not do has no figures. */
export interface ServerFigures {
  readonly gate?: GateFigures;
  /** Undefined while there are none, as between two assignments of partitions. */
  readonly models?: () => ModelFigures | undefined;
  readonly rebuild?: () => RebuildFigures;
  readonly trips?: () => TripsStatistics | undefined;
  /** How often the clock of the machine was set while the server ran. */
  readonly clockSteps: () => number;
}

/** What the operator sees of the server, and may have it do. */
export interface SystemAccess {
  read(): Promise<SystemView>;
  /** Throws `in_use` while another rebuild or a backup goes on, `unavailable` where nothing can be rebuilt. */
  startRebuild(wanted: NewRebuild): RebuildView;
  /** Throws `not_found` when none goes on, `in_use` when it cannot be taken back any more. */
  cancelRebuild(): void;
}

export interface HttpDeps {
  readonly registry: Registry;
  readonly people: People;
  readonly partners: Partners;
  readonly oauth: Oauth;
  readonly consents: Consents;
  /** What was read by whom. */
  readonly receipts: Receipts;
  readonly invitations: Invitations;
  readonly personalExports: PersonalExports;
  readonly personErasures: PersonErasures;
  /** What apps call vehicles by. */
  readonly vehicleIds: VehicleIds;
  /** What apps are told of changes. */
  readonly feed: Feed;
  readonly webhooks: Webhooks;
  readonly sandbox: Sandbox;
  /** What this process hears of the log anyway. */
  readonly attachTail: AttachTail;
  readonly devices: Devices;
  readonly live: Live;
  readonly history: History;
  readonly trips: Trips;
  readonly lake: Lake;
  readonly eventLog: EventLog;
  readonly erasures: Erasures;
  readonly retention: Retention;
  readonly warnings: Warnings;
  readonly reports: Reports;
  readonly vocabulary: () => Vocabulary;
  /**
   * Before each request of the operator: brings what this process has read of the log and the database up to what others had acknowledged by then, within
   * its time. Undefined: there are no others.
   */
  readonly catchUp?: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly access: OperatorAccess;
  readonly config: HttpConfig;
  readonly metrics: MetricsRegistry;
  readonly figures: ServerFigures;
  readonly system: SystemAccess;
  readonly readiness: () => readonly PartReadiness[] | Promise<readonly PartReadiness[]>;
  /** `POST /v1/telemetry`, mounted as it is; undefined: other processes take reports. */
  readonly telemetryRoute?: FastifyPluginAsync | ((fastify: FastifyInstance) => Promise<void>);
}

export interface UpgradeHandler {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface HttpStreams extends UpgradeHandler {
  viewers(): number;
}

export interface Http {
  readonly server: Server;
  readonly fastify: FastifyInstance;
  /** `/v1/stream` for browsers; checks Host, Origin and who calls by itself. */
  readonly streams: HttpStreams;
  /** Resolves with the port. */
  listen(host: string, port: number): Promise<number>;
  /** Certificates for connections from now on; where it is https. */
  setTls(files: TlsFiles): void;
  close(): Promise<void>;
}
