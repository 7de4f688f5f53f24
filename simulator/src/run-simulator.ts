import { OperatorClient } from '@milepost/sdk';
import type { SimulatorArguments } from './arguments.ts';
import { BackFill, type LateVehicle, missingAt } from './back-fill.ts';
import { enrolFleet, enrolUnseen } from './enrol-fleet.ts';
import { type Fate, fateOf, isCutOff, leavesAfterMs, lostBeforeMs, pastOfLost } from './fates.ts';
import { makeFleet, type SimulatedVehicle } from './fleet.ts';
import { simulatorLimits } from './limits.ts';
import { makeFirstReport, seedPeople } from './seed-people.ts';
import { seedSharing } from './seed-sharing.ts';
import { type Membership, type Memberships, readState, type SimulatorState, writeState } from './state-file.ts';
import { VehicleFeed } from './vehicle-feed.ts';

export interface RunningSimulator {
  /** Says goodbye for every vehicle and remembers how far each has come. */
  stop(): Promise<void>;
}

const dayMs = 86_400_000;

/** One vehicle on its way, with all that is known of it. */
interface Running extends LateVehicle {
  readonly vin: string;
  readonly member: Membership;
  readonly fate: Fate | undefined;
  readonly feed: VehicleFeed;
}

interface Tell {
  (line: string): void;
  /** The same line only once, and not too many of them. */
  once(line: string): void;
}

const makeTell = (tell: (line: string) => void): Tell => {
  const told = new Set<string>();
  const once = (line: string): void => {
    if (!told.has(line) && told.size < 100) tell(line);
    told.add(line);
  };
  return Object.assign((line: string) => tell(line), { once });
};

/** @param member as it is known; of the lost one with the time from which it is lost */
const startVehicle = (
  { profile, replay, past, storesDays }: SimulatedVehicle,
  member: Membership,
  options: SimulatorArguments,
  startMs: number,
  tell: Tell,
): Running => {
  const fate = options.hasLife ? fateOf(profile) : undefined;
  const name = profile.vehicle.plate;
  const lostMs = member.lostMs ?? startMs - lostBeforeMs;
  const liveFromMs = fate === 'lost' ? lostMs : Math.max(startMs - options.fromMs, member.sentUntilMs ?? 0);
  // Until its past is told it has a network all the time: it would keep everybody waiting.
  const isAway = (nowMs: number): boolean => running.missing.length === 0 && isCutOff(nowMs);
  const feed = new VehicleFeed(
    {
      server: options.server,
      imei: member.imei,
      secret: member.secret,
      onState: (state, why) => state === 'stopped' && why !== 'goodbye' && tell(`Simulator: ${name} has stopped: ${why}`),
      onVerdict: (verdict) => tell.once(`Simulator: rejected of ${name}: ${JSON.stringify(verdict.rejected[0] ?? verdict)}`),
      onProblem: (problem) => tell.once(`Simulator: ${name}: ${problem.code}: ${problem.detail}`),
    },
    replay,
    {
      fromMs: liveFromMs,
      now: Date.now,
      isSilent: fate === 'lost',
      ...(fate === 'patchy' ? { isCutOff: isAway } : {}),
    },
  );
  // Who was laid up was not there: what it did meanwhile nobody stored.
  const known = fate === 'leaves' && member.sentUntilMs !== undefined ? { ...member, sentUntilMs: liveFromMs } : member;
  const running: Running = {
    vin: profile.vehicle.vin,
    member: fate === 'lost' ? { ...member, lostMs } : member,
    fate,
    feed,
    past: fate === 'lost' ? pastOfLost(past, lostMs) : past,
    missing: missingAt(known, startMs - Math.min(options.days, storesDays) * dayMs, liveFromMs),
    // So that it is offline soon.
    priority: fate === 'lost' ? 1 : 0,
  };
  return running;
};

/** The fleet under way: what is due each moment, and what is noted of it. */
class Fleet {
  readonly #running: readonly Running[];
  readonly #known: SimulatorState;
  readonly #options: SimulatorArguments;
  readonly #tell: Tell;
  readonly #backFill: BackFill;
  #hasLife: boolean;
  #liveAtMs: number | undefined;
  #notedAtMs: number;
  #reportsDue = 0;

  constructor(running: readonly Running[], known: SimulatorState, options: SimulatorArguments, tell: Tell, filled: () => void) {
    this.#running = running;
    this.#known = known;
    this.#options = options;
    this.#tell = tell;
    this.#hasLife = known.hasLife ?? false;
    this.#notedAtMs = Date.now();
    this.#backFill = new BackFill(running, () => {
      if (this.#backFill.days === 0) return;
      tell(`Simulator: the past is complete: ${this.#backFill.samples} samples of ${this.#backFill.days} days of vehicles`);
      this.note();
      filled();
    });
  }

  /** Its drivers and schedules were made. */
  lives(): void {
    this.#hasLife = true;
    this.note();
  }

  advance(): void {
    const nowMs = Date.now();
    for (const { feed } of this.#running) feed.advance();
    if (this.#liveAtMs === undefined) this.#tellWhenLive(nowMs);
    else {
      this.#fill();
      this.#letGo(nowMs - this.#liveAtMs);
    }
    if (nowMs - this.#notedAtMs >= simulatorLimits.noteEveryMs) this.note();
  }

  #tellWhenLive(nowMs: number): void {
    const feeds = this.#running.map(({ feed }) => feed).filter(({ isSilent }) => !isSilent);
    if (!feeds.every((feed) => feed.isLive || feed.client.state === 'stopped')) return;
    this.#liveAtMs = nowMs;
    this.#tell(`Simulator: ${feeds.filter((feed) => feed.isLive).length} vehicles are reporting`);
  }

  #fill(): void {
    this.#reportsDue += (simulatorLimits.lateReportsPerSecond * simulatorLimits.advanceMs) / 1000;
    const reports = Math.floor(this.#reportsDue);
    this.#reportsDue -= reports;
    this.#backFill.advance(reports);
  }

  #letGo(sinceMs: number): void {
    if (sinceMs < leavesAfterMs) return;
    for (const { fate, feed, missing } of this.#running)
      if (fate === 'leaves' && missing.length === 0 && feed.client.state === 'open') void feed.client.goodbye();
  }

  /** Writes down how far each has come. */
  note(): void {
    this.#notedAtMs = Date.now();
    const reached = this.#running.map(({ vin, member, feed, missing }): [string, Membership] => [
      vin,
      { ...member, sentUntilMs: feed.sentUntilMs, missing },
    ]);
    const vehicles: Memberships = { ...this.#known.vehicles, ...Object.fromEntries(reached) };
    writeState(this.#options.data, { vehicles, hasLife: this.#hasLife });
  }

  async stop(): Promise<void> {
    this.note();
    // The lost one cannot say goodbye.
    await Promise.all(this.#running.filter(({ fate }) => fate !== 'lost').map(({ feed }) => feed.client.goodbye()));
  }
}

/** Seeds the registry and starts every vehicle. @param say gets lines for people */
export const runSimulator = async (options: SimulatorArguments, say: (line: string) => void): Promise<RunningSimulator> => {
  const vehicles = makeFleet(options.seed, options.vehicles, options.buses, options.modelled);
  const operator = new OperatorClient(options.server, options.operatorToken);
  const known = readState(options.data);
  const profiles = vehicles.map(({ profile }) => profile);
  const members = await enrolFleet(operator, profiles, known.vehicles);
  const state = { ...known, vehicles: { ...known.vehicles, ...members } };
  writeState(options.data, state);

  const tell = makeTell(say);
  const startMs = Date.now();
  const memberOf = ({ profile }: SimulatedVehicle): Membership => members[profile.vehicle.vin] as Membership;
  const running = vehicles.map((vehicle) => startVehicle(vehicle, memberOf(vehicle), options, startMs, tell));
  const failed = (error: Error): void => tell(`Simulator: ${error.message}`);
  const fleet = new Fleet(running, state, options, tell, () => {
    if (options.hasLife) makeFirstReport(operator).catch(failed);
  });
  running
    .filter(({ fate, missing }) => fate !== 'lost' || missing.length > 0)
    .forEach(({ feed }, i) => setTimeout(() => feed.client.start(), i * simulatorLimits.startSpacingMs));
  const tick = setInterval(() => fleet.advance(), simulatorLimits.advanceMs);

  if (options.hasLife && !known.hasLife) {
    const driven = vehicles.flatMap((vehicle) => {
      const { vin } = vehicle.profile.vehicle;
      const isDriven = drivenIndexes.includes(vehicle.profile.index) && ['van', 'car'].includes(vehicle.profile.kind);
      return isDriven && vehicle.drives ? [{ vin, vehicleId: memberOf(vehicle).vehicleId, drives: vehicle.drives }] : [];
    });
    const seed = async (): Promise<void> => {
      await enrolUnseen(operator, options.seed, options.vehicles);
      await seedPeople(operator, driven, startMs, options.days);
      fleet.lives();
    };
    seed().catch(failed);
  }

  const sharing = options.hasLife ? shareCar(options, operator, vehicles, memberOf, tell) : undefined;
  sharing?.catch(failed);

  return {
    stop: async () => {
      clearInterval(tick);
      (await sharing?.catch(() => undefined))?.();
      await fleet.stop();
    },
  };
};

/** A car of which nothing else is told becomes a private owner's, of whom a partner asks. */
const shareCar = async (
  { server, data }: SimulatorArguments,
  operator: OperatorClient,
  vehicles: readonly SimulatedVehicle[],
  memberOf: (vehicle: SimulatedVehicle) => Membership,
  tell: Tell,
): Promise<(() => void) | undefined> => {
  const { isDemo } = await operator.call('readWaysIn');
  const car = vehicles.findLast(({ profile }) => profile.kind === 'twizy' && fateOf(profile) === undefined);
  if (!isDemo || !car) return undefined;
  return seedSharing({ server, operator, folder: data, vehicleId: memberOf(car).vehicleId, tell });
};

/** Of the vans and cars those that have a driver by name: one driven calmly, one roughly, and a car. */
const drivenIndexes: readonly number[] = [0, 2, 4];
