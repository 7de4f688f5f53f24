/**
 * A fleet that drives about a city, in a process of its own: each vehicle reports where it is once a second by a WebSocket of its own, and each second
 * the warnings of some change. `map-load.ts '{"origin": …, "operatorToken": …, "vehicles": …}'`; prints one line when all have reported.
 */
import { coreSignal, quantise } from '../../contract/src/index.ts';
import { ByteWriter, ReportBuilder } from '../../server/src/events/index.ts';
import { enrolDevices } from './load/enrol.ts';
import { Latencies } from './load/latencies.ts';
import type { Payload } from './load/payloads.ts';
import type { OpenDevice, Tally } from './load/types.ts';
import { loadWebSocket } from './load/websocket.ts';

const { origin, operatorToken, vehicles } = JSON.parse(process.argv[2] ?? '{}') as {
  origin: string;
  operatorToken: string;
  vehicles: number;
};
const centre = { latitude: 34.02, longitude: -6.84 };
/** They circle around homes within so many degrees, with a radius that makes 40 km/h of a turn in four minutes. */
const reachDegrees = 0.25;
const radiusDegrees = 0.004;
const turnMs = 240_000;
/** So many of a thousand vehicles change between a tire that is low and one that is not, each in its own half minute. */
const warnedPerMille = 20;
const warningMs = 30_000;
const openedAtOnce = 200;
const openEveryMs = 40;
const paceMs = 5;

const rearTireIsLow = 'Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.IsPressureLow';
/** A number from 0 to 1 of a vehicle, another one for each salt. */
const share = (index: number, salt: number): number => {
  let mixed = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b);
  for (const factor of [0xc2b2ae35, 0x27d4eb2f]) mixed = Math.imul(mixed ^ (mixed >>> 15), factor);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
};

const valuesAt = (index: number, nowMs: number): Record<string, number | boolean> => {
  const angle = 2 * Math.PI * ((nowMs / turnMs + share(index, 1)) % 1);
  const isWarned = share(index, 4) * 1000 < warnedPerMille;
  return {
    'Vehicle.CurrentLocation.Latitude':
      centre.latitude + (share(index, 2) - 0.5) * reachDegrees + Math.sin(angle) * radiusDegrees,
    'Vehicle.CurrentLocation.Longitude':
      centre.longitude + (share(index, 3) - 0.5) * reachDegrees + Math.cos(angle) * radiusDegrees,
    'Vehicle.CurrentLocation.Heading': (720 - (angle * 180) / Math.PI) % 360,
    'Vehicle.Speed': 40,
    'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': 20 + Math.floor(share(index, 5) * 75),
    [rearTireIsLow]: isWarned && Math.floor(nowMs / warningMs + share(index, 6)) % 2 === 0,
  };
};

/** Head, boot, and the seq in four bytes, as `load/payloads.ts` has it. */
const payloadOf =
  (index: number): Payload =>
  (seq) => {
    const nowMs = Date.now();
    const builder = new ReportBuilder();
    builder.addSample(nowMs);
    for (const [path, value] of Object.entries(valuesAt(index, nowMs))) {
      const signal = coreSignal(path);
      const quantised = quantise(signal, value);
      if (quantised.ok) builder.addValue(signal.number, quantised.stored);
    }
    const out = new ByteWriter();
    for (const byte of [1, 3]) out.byte(byte);
    for (let i = 0; i < 4; i++) out.byte((Math.floor(seq / 128 ** i) % 128) | (i < 3 ? 0x80 : 0));
    builder.encode(out);
    return Buffer.from(out.toBytes());
  };

const tokens = await enrolDevices(origin, operatorToken, vehicles);
const tally: Tally = { reports: 0, connections: 0, latencies: new Latencies() };
const options = {
  origin,
  operatorToken,
  way: 'websocket',
  form: 'binary',
  samples: 1,
  connections: vehicles,
  inFlight: 0,
} as const;
const devices: OpenDevice[] = [];
for (const [index, token] of tokens.entries()) {
  devices.push(loadWebSocket({ ...options, reportsPerSecond: vehicles }, token, payloadOf(index), tally));
  if (index % openedAtOnce === openedAtOnce - 1) await new Promise((resolve) => setTimeout(resolve, openEveryMs));
}
let startedAt = performance.now();
let sent = 0;
let isSilent = false;
process.on('message', (message) => {
  ({ isSilent } = message as { isSilent: boolean });
  // What was not said meanwhile is not said later.
  startedAt = performance.now() - (sent / vehicles) * 1000;
});
setInterval(() => {
  if (isSilent) return;
  const due = ((performance.now() - startedAt) / 1000) * vehicles;
  for (; sent < due; sent++) devices[sent % vehicles]?.sendDue(performance.now());
}, paceMs);

const said = setInterval(() => {
  if (tally.connections < vehicles || tally.reports < 2 * vehicles) return;
  clearInterval(said);
  process.stdout.write('driving\n');
}, 200);
let before = 0;
const tellEveryMs = 5000;
/** Reports acknowledged each second. */
setInterval(() => {
  if (process.send) process.send({ reportsPerSecond: (tally.reports - before) / (tellEveryMs / 1000) });
  before = tally.reports;
}, tellEveryMs);
