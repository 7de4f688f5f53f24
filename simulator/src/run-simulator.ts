import { OperatorClient } from '@milepost/sdk';
import type { SimulatorArguments } from './arguments.ts';
import { enrolFleet } from './enrol-fleet.ts';
import { makeFleet } from './fleet.ts';
import { simulatorLimits } from './limits.ts';
import { type Membership, type Memberships, readState, writeState } from './state-file.ts';
import { VehicleFeed } from './vehicle-feed.ts';

export interface RunningSimulator {
  /** Says goodbye for every vehicle and remembers how far each has come. */
  stop(): Promise<void>;
}

/** Seeds the registry and starts every vehicle. @param tell gets lines for people */
export const runSimulator = async (options: SimulatorArguments, tell: (line: string) => void): Promise<RunningSimulator> => {
  const fleet = makeFleet(options.seed, options.vehicles, options.buses);
  const operator = new OperatorClient(options.server, options.operatorToken);
  const known = readState(options.data);
  const profiles = fleet.map(({ profile }) => profile);
  const members = await enrolFleet(operator, profiles, known);
  writeState(options.data, { ...known, ...members });

  const startMs = Date.now();
  const told = new Set<string>();
  const tellOnce = (line: string): void => {
    if (!told.has(line) && told.size < 100) tell(line);
    told.add(line);
  };
  const feeds = fleet.map(({ profile, replay }) => {
    const { imei, secret, sentUntilMs = 0 } = members[profile.vehicle.vin] as Membership;
    const name = profile.vehicle.plate;
    return new VehicleFeed(
      {
        server: options.server,
        imei,
        secret,
        onState: (state, why) => state === 'stopped' && why !== 'goodbye' && tell(`Simulator: ${name} has stopped: ${why}`),
        onVerdict: (verdict) => tellOnce(`Simulator: rejected of ${name}: ${JSON.stringify(verdict.rejected[0] ?? verdict)}`),
        onProblem: (problem) => tellOnce(`Simulator: ${name}: ${problem.code}: ${problem.detail}`),
      },
      replay,
      Math.max(startMs - options.fromMs, sentUntilMs),
      Date.now,
    );
  });
  feeds.forEach((feed, i) => setTimeout(() => feed.client.start(), i * simulatorLimits.startSpacingMs));

  let isTold = false;
  const tick = setInterval(() => {
    for (const feed of feeds) feed.advance();
    if (isTold || !feeds.every((feed) => feed.isLive || feed.client.state === 'stopped')) return;
    isTold = true;
    tell(`Simulator: ${feeds.filter((feed) => feed.isLive).length} vehicles are reporting`);
  }, simulatorLimits.advanceMs);

  return {
    stop: async () => {
      clearInterval(tick);
      const reached = fleet.map(({ profile }, i): [string, Membership] => [
        profile.vehicle.vin,
        { ...(members[profile.vehicle.vin] as Membership), sentUntilMs: (feeds[i] as VehicleFeed).sentUntilMs },
      ]);
      writeState(options.data, { ...known, ...(Object.fromEntries(reached) as Memberships) });
      await Promise.all(feeds.map((feed) => feed.client.goodbye()));
    },
  };
};
