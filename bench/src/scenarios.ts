import type { LoadOptions } from './load/types.ts';

/** Against a real server, load from another process. */
export interface LoadScenario {
  readonly what: string;
  readonly load: Omit<LoadOptions, 'origin' | 'mqttOrigin' | 'operatorToken'>;
  /** How long it is measured; 10 when it is not given. */
  readonly seconds?: number;
}

/** A script that prints its figures, one JSON object a line. */
export interface ScriptScenario {
  readonly what: string;
  readonly script: string;
  readonly args: readonly string[];
}

export const scenarios: Readonly<Record<string, LoadScenario | ScriptScenario>> = {
  'ws-json': {
    what: 'WebSocket, JSON, one report of 13 signals a frame, one in flight',
    load: { way: 'websocket', form: 'json', samples: 1, connections: 1000, inFlight: 1 },
  },
  'ws-json-pipelined': {
    what: 'the same, four in flight',
    load: { way: 'websocket', form: 'json', samples: 1, connections: 1000, inFlight: 4 },
  },
  'ws-binary': {
    what: 'WebSocket, binary, four frames a write',
    load: { way: 'websocket', form: 'binary', samples: 1, connections: 1000, inFlight: 4 },
  },
  'ws-binary-100': {
    what: 'WebSocket, binary, 100 samples a report',
    load: { way: 'websocket', form: 'binary', samples: 100, connections: 200, inFlight: 4 },
  },
  'ws-json-100': {
    what: 'WebSocket, JSON, 100 samples a report',
    load: { way: 'websocket', form: 'json', samples: 100, connections: 200, inFlight: 2 },
  },
  'http-json': {
    what: 'HTTP, JSON, one report a request, connections kept',
    load: { way: 'http', form: 'json', samples: 1, connections: 200, inFlight: 1 },
  },
  'http-binary': {
    what: 'HTTP, binary, one report a request, connections kept',
    load: { way: 'http', form: 'binary', samples: 1, connections: 200, inFlight: 1 },
  },
  'http-ndjson-100': {
    what: 'HTTP, NDJSON, 100 samples a request, connections kept',
    load: { way: 'http', form: 'ndjson', samples: 100, connections: 200, inFlight: 1 },
  },
  'mqtt-json': {
    what: 'MQTT 3.1.1, QoS 1, JSON, one in flight',
    load: { way: 'mqtt', form: 'json', samples: 1, connections: 1000, inFlight: 1 },
  },
  'mqtt-binary': {
    what: 'MQTT 3.1.1, QoS 1, binary, four in flight',
    load: { way: 'mqtt', form: 'binary', samples: 1, connections: 1000, inFlight: 4 },
  },
  'fleet-binary': {
    what: 'The fleet this is for: a million reports a minute from 10,000 connections, binary, open loop',
    load: { way: 'websocket', form: 'binary', samples: 1, connections: 10_000, inFlight: 0, reportsPerSecond: 16_667 },
    seconds: 600,
  },
  'fleet-json': {
    what: 'the same as JSON',
    load: { way: 'websocket', form: 'json', samples: 1, connections: 10_000, inFlight: 0, reportsPerSecond: 16_667 },
    seconds: 600,
  },
  floor: {
    what: 'The load of `fleet-binary` on a bare server that only answers: what sockets, load and machine take by themselves',
    script: 'bench/src/floor.ts',
    args: [],
  },
  'live-100k': {
    what: 'Live state of 100,000 vehicles, falling silent at once included',
    script: 'bench/src/live.ts',
    args: ['100000'],
  },
  million: {
    what: 'A million vehicles once a minute, through ingest, journal, live and history in one process',
    script: 'bench/src/million.ts',
    args: ['1000000', '6'],
  },
  logs: {
    what: 'The event log by itself, a million records a minute: the journal, and Kafka with 64 partitions on one broker',
    script: 'bench/src/logs.ts',
    args: ['20'],
  },
  valkey: {
    what: 'Valkey: a snapshot of 100 MB written and read, beside a folder; publish to subscribe between two connections',
    script: 'bench/src/valkey.ts',
    args: ['100', '10'],
  },
  cassandra: {
    what: 'History on Cassandra, one node: flushes, merges, bytes a sample on its disk, a day at 1 Hz, and the plain table car_logs',
    script: 'bench/src/cassandra.ts',
    args: ['1000', '205'],
  },
  projectors: {
    what: 'One projector and two, real processes fed through Kafka, at 3,000 reports a second and at a million a minute: CPU a report with all that they flush',
    script: 'bench/src/projectors.ts',
    args: ['3000', '16667'],
  },
  cluster: {
    what: 'The roles apart, on Kafka, Cassandra, Valkey and PostgreSQL, beside one process with all of them: CPU a report, device to browser, bytes in Kafka',
    script: 'bench/src/cluster.ts',
    args: ['3000', '25'],
  },
  idle: { what: 'Memory of a WebSocket that is open and says nothing', script: 'bench/src/idle.ts', args: [] },
  history: { what: 'History: applying, flushing, bytes a sample, queries', script: 'bench/src/history.ts', args: [] },
  rebuild: {
    what: 'History and live rebuilt while 4,000 reports a second come in: the cost, and acknowledgements before and meanwhile',
    script: 'bench/src/rebuild.ts',
    args: ['20', '4000'],
  },
  exports: {
    what: 'Exports of 28 days at 1 Hz in each format: memory and MB a second',
    script: 'bench/src/exports.ts',
    args: ['28'],
  },
  'trips-accuracy': {
    what: 'Driving and stops found in labelled trajectories that nothing was tuned on, beside speed thresholds tuned the same way',
    script: 'bench/src/trips-accuracy.ts',
    args: [],
  },
  trips: {
    what: 'Deriving a day of a vehicle: CPU of 86,400 samples, and of sparser ones',
    script: 'bench/src/trips.ts',
    args: ['15'],
  },
  'trips-days': {
    what: 'Trips by day: what noting days costs a report, a vehicle-day from history to the database at 1 Hz and 1/min, its bytes, and the event loop meanwhile',
    script: 'bench/src/trips-days.ts',
    args: ['12'],
  },
  'fleet-at': { what: 'The whole fleet as of a past second, and its keyframes', script: 'bench/src/fleet-at.ts', args: [] },
  'first-page': {
    what: 'The first page on a slow line and a slow phone (1.6 Mbit/s, 150 ms round trip, CPU slowed four times): usable after, from the browser’s trace',
    script: 'bench/src/first-page.ts',
    args: ['5'],
  },
  'map-input': {
    what: 'The map and the list in a real browser while 10,000 vehicles report each second: from an input until its answer is on the screen (`inputToScreenMs`: what the browser tells of them) or the next frame begins (`inputToNextFrameMs`: all inputs), in ms; graphics are computed by software here: `an empty picture` is what that takes without anything of ours, `whenSilent` what is left when the fleet falls silent',
    script: 'bench/src/map-input.ts',
    args: ['10000', '20'],
  },
  consent: {
    what: 'Consent: CPU of a read of the latest state by a car’s owner and by a partner; ms from the answer to a switch until reads, an open stream and webhooks leave the item out',
    script: 'bench/src/consent.ts',
    args: ['2000', '10'],
  },
  'map-stream': {
    what: 'A second of the map: 10,000 moving vehicles, 100 viewers, all of one audience and of 20',
    script: 'bench/src/map-stream.ts',
    args: ['10000', '100', '20', '1', '20'],
  },
};
