/** From a device to a browser: some vehicles report the time at which they do, a viewer watches them on `/v1/stream` and sees how old it is. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { streamLimits, type StreamMessage } from '../../contract/src/stream/index.ts';
import type { Enrolled } from './load/enrol.ts';
import { Latencies } from './load/latencies.ts';
import { valuesAt } from './load/payloads.ts';

/** Longer than the server lets between two messages about one vehicle: each report is seen, unless a message is that late. */
const reportEveryMs = 2 * streamLimits.vehicleIntervalMs;
/** As many as one viewer can watch. */
export const probesMax = streamLimits.watchedVehiclesMax;

export interface Probe {
  /** From now on latencies count. */
  begin(): void;
  /** Reports that were sent and those that were seen, and what the seen ones took, ms. */
  figures(): {
    readonly streamSent: number;
    readonly streamSeen: number;
    readonly streamP50Ms: number;
    readonly streamP99Ms: number;
  };
  close(): void;
}

export interface ProbePlaces {
  /** Where devices connect. */
  readonly deviceOrigin: string;
  /** Where browsers connect. */
  readonly apiOrigin: string;
  readonly operatorToken: string;
  /** At most `probesMax`. */
  readonly probes: readonly Enrolled[];
}

const connect = async (origin: string, path: string, token: string): Promise<WebSocket> => {
  const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}${path}`, { headers: { authorization: `Bearer ${token}` } });
  await once(socket, 'open');
  return socket;
};

/** Starts to report and to watch. */
export const startProbe = async (places: ProbePlaces): Promise<Probe> => {
  const latencies = new Latencies();
  let [sent, seen] = [0, 0];
  const viewer = await connect(places.apiOrigin, '/v1/stream', places.operatorToken);
  viewer.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) return;
    const message = JSON.parse(data.toString()) as StreamMessage;
    const speed = message.type === 'vehicle' && !message.isComplete ? message.latest['Vehicle.Speed'] : undefined;
    if (!speed) return;
    latencies.add(Date.now() - Date.parse(speed.time));
    seen++;
  });
  for (const { vehicleId: id } of places.probes) viewer.send(JSON.stringify({ subscribe: 'vehicle', id }));
  const devices = await Promise.all(places.probes.map(({ token }) => connect(places.deviceOrigin, '/v1/devices/stream', token)));
  let turn = 0;
  const timer = setInterval(() => {
    const device = devices[turn % devices.length] as WebSocket;
    const seq = Math.floor(turn / devices.length) + 1;
    turn++;
    sent++;
    device.send(JSON.stringify({ boot: 1, seq, samples: [{ time: Date.now(), signals: valuesAt(seq) }] }));
  }, reportEveryMs / devices.length);
  return {
    begin: () => {
      [sent, seen] = [0, 0];
      latencies.reset();
    },
    figures: () => ({
      streamSent: sent,
      streamSeen: seen,
      streamP50Ms: latencies.quantile(0.5),
      streamP99Ms: latencies.quantile(0.99),
    }),
    close: () => {
      clearInterval(timer);
      for (const socket of [viewer, ...devices]) socket.terminate();
    },
  };
};
