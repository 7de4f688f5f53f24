import type { Scenario } from './scenario.ts';
import { clock } from './scenarios/clock.ts';
import { clusterKill } from './scenarios/cluster-kill.ts';
import { clusterNetwork } from './scenarios/cluster-network.ts';
import { clusterStop } from './scenarios/cluster-stop.ts';
import { databaseStopped } from './scenarios/database-stopped.ts';
import { disorder } from './scenarios/disorder.ts';
import { flippedBit } from './scenarios/flipped-bit.ts';
import { flood } from './scenarios/flood.ts';
import { fullDisk, fullHistoryDisk } from './scenarios/full-disk.ts';
import { kill } from './scenarios/kill.ts';
import { packetLoss } from './scenarios/packet-loss.ts';
import { poison } from './scenarios/poison.ts';
import { reconnects } from './scenarios/reconnects.ts';
import { slowSockets } from './scenarios/slow-sockets.ts';
import { tornTail } from './scenarios/torn-tail.ts';

/** In the order in which they are run and shown. */
export const scenarios: readonly Scenario[] = [
  kill,
  tornTail,
  flippedBit,
  fullDisk,
  fullHistoryDisk,
  databaseStopped,
  reconnects,
  slowSockets,
  flood,
  clock,
  packetLoss,
  disorder,
  poison,
  clusterKill,
  clusterStop,
  clusterNetwork,
];
