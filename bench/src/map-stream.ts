/**
 * What a second of the fleet map costs the server: vehicles that all move, viewers that all watch. CPU (user + system) of the server's process
 * from the tick until every frame is with the kernel; the viewers run in another process.
 * `node bench/src/map-stream.ts [vehicles] [viewers] [ticks] [audiences …]`, default 10000 100 20 1. Frames are encoded once for each audience: viewers who see the
 * same. Prints one JSON object for each number of audiences.
 */
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { coreSignal, coreVocabulary } from '../../contract/src/index.ts';
import { ByteWriter, encodeRecord, type RecordBatch, ReportBuilder, recordKinds } from '../../server/src/events/index.ts';
import { makeOperatorAccess, openBrowserStream } from '../../server/src/http/index.ts';
import { makeManualClock, makeClientDoor, silentLogger } from '../../server/src/kernel/index.ts';
import { openLive } from '../../server/src/live/index.ts';
import { aCustomer, aDevice, aVehicle, makeMemoryDirectory } from '../../server/src/live/memory-directory.ts';
import { makeDriverDirectory } from '../../server/src/registry/drivers/directory.ts';
import { neverHandedOver, operatorScope } from '../../server/src/sharing/index.ts';
import { openSnapshotFolder } from '../../server/src/storage/adapters/folder/index.ts';

const token = 'operator-token-of-the-bench';
const [vehicles = 10_000, viewers = 100, ticks = 20, ...counts] = process.argv.slice(2).map(Number);

/** The other process: opens the viewers and counts what arrives. */
const watch = async (port: number): Promise<void> => {
  const heard = { frames: 0, bytes: 0 };
  for (let i = 0; i < viewers; i++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/stream`, { headers: { authorization: `Bearer ${token}` } });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) heard.frames++;
      heard.bytes += data.length;
    });
    socket.send('{"subscribe":"map"}');
  }
  process.send?.('ready');
  process.on('message', () => process.send?.(heard));
};

const number = (path: string): number => coreSignal(`Vehicle.${path}`).number;
const latitude = number('CurrentLocation.Latitude');
const longitude = number('CurrentLocation.Longitude');
const heading = number('CurrentLocation.Heading');
const speed = number('Speed');
const builder = new ReportBuilder();

const reportOf = (vehicleNo: number, turn: number, nowMs: number): Uint8Array => {
  builder.reset();
  builder.addSample(nowMs);
  builder.addValue(latitude, 480_000_000 + vehicleNo * 100 + turn * 50);
  builder.addValue(longitude, 110_000_000 + vehicleNo * 100 + turn * 50);
  builder.addValue(heading, (vehicleNo + turn) % 3600);
  builder.addValue(speed, ((vehicleNo + turn) % 120) * 100);
  const out = new ByteWriter();
  builder.encode(out);
  const header = {
    kind: recordKinds.telemetry,
    vehicleNo,
    deviceNo: vehicleNo,
    boot: 1,
    seq: turn,
    hasSequence: true,
    receivedAt: nowMs,
    vocabularyVersion: 1,
  };
  return encodeRecord(header, out.toBytes());
};

const batchOf = (bytes: Uint8Array, offset: number): RecordBatch => ({
  partition: 0,
  count: 1,
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  starts: Int32Array.of(0),
  ends: Int32Array.of(bytes.length),
  offsets: Float64Array.of(offset),
  nextOffset: offset + 1,
});

const openServer = async (audiences: number) => {
  const clock = makeManualClock(Date.now());
  const directory = makeMemoryDirectory();
  directory.put({ kind: 'customer', customer: aCustomer(1) });
  for (let no = 1; no <= vehicles; no++) {
    directory.put({ kind: 'vehicle', vehicle: aVehicle(no) });
    directory.put({ kind: 'device', device: aDevice(no, no) });
  }
  const vocabulary = () => coreVocabulary;
  const live = openLive({ directory, vocabulary, clock, logger: silentLogger, snapshots: openSnapshotFolder('/nonexistent') });
  const drivers = makeDriverDirectory();
  const scope = operatorScope(drivers);
  let opened = 0;
  /** Sees the same as the others, but is not known to. */
  const scopeOfNext = (): typeof scope =>
    Object.create(scope, { audience: { value: `${scope.audience} ${opened++ % audiences}` } }) as typeof scope;
  const stream = openBrowserStream({
    registry: { directory, drivers: { directory: drivers }, possessions: { directory: neverHandedOver } },
    scopes: { of: scopeOfNext, readsByGrant: () => false },
    live,
    warnings: { listen: () => () => {}, isShown: () => false },
    vocabulary,
    clock,
    logger: silentLogger,
    people: {
      sessions: {
        byToken: () => Promise.resolve(undefined),
        bySession: () => Promise.resolve(undefined),
        listen: () => () => {},
      },
    },
    access: makeOperatorAccess({ token, clock, useCode: () => Promise.resolve(false) }),
    config: { allowedHosts: [], allowedOrigins: [], door: makeClientDoor() },
  });
  const server = createServer();
  server.on('upgrade', (request, socket, head) => stream.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  let offset = 0;
  const move = (turn: number): void => {
    for (let no = 1; no <= vehicles; no++) live.apply(batchOf(reportOf(no, turn, clock.now()), offset++));
  };
  return { clock, move, stream, server, port: (server.address() as AddressInfo).port };
};

const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

const serve = async (audiences: number): Promise<void> => {
  const { clock, move, stream, server, port } = await openServer(audiences);
  move(0);
  const child = fork(import.meta.filename, [String(vehicles), String(viewers), String(ticks)], {
    env: { ...process.env, BENCH_PORT: String(port) },
  });
  await new Promise((resolve) => child.once('message', resolve));
  const costs: number[] = [];
  for (let turn = 1; turn <= ticks; turn++) {
    move(turn);
    await wait(50);
    const before = process.cpuUsage();
    clock.advance(1000);
    await wait(200);
    costs.push(cpuMs(before));
  }
  const idle = process.cpuUsage();
  await wait(200);
  const idleMs = cpuMs(idle);
  const heard = await new Promise<{ frames: number; bytes: number }>((resolve) => {
    child.once('message', (message) => resolve(message as { frames: number; bytes: number }));
    child.send('tell');
  });
  costs.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((costs[Math.floor((costs.length - 1) * share)] as number) * 100) / 100;
  console.log(
    JSON.stringify({
      bench: 'map-stream',
      vehicles,
      viewers,
      audiences,
      ticks,
      cpuMsPerTick: { median: at(0.5), p90: at(0.9), max: at(1) },
      idleMs,
      ...heard,
    }),
  );
  stream.close();
  child.kill();
  server.close();
  server.closeAllConnections();
};

const port = process.env['BENCH_PORT'];
if (port === undefined) for (const audiences of counts.length > 0 ? counts : [1]) await serve(audiences);
else await watch(Number(port));
