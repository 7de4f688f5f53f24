import { setImmediate as nextTurn } from 'node:timers/promises';
import { warningCodes, warningKinds, warningSeverities } from '@milepost/contract';
import {
  apiLimits,
  type FleetPage,
  type FleetQueryParameters,
  type FleetRoster,
  type FleetVehicle,
  mapFrameType,
} from '@milepost/contract/api';
import { MapFrameWriter } from '@milepost/contract/stream';
import type { FastifyReply } from 'fastify';
import type { ReadScope } from '../../events/index.ts';
import { invalidField } from '../../kernel/index.ts';
import { type PastFilters, type PastFleet, type PastVehicle, readPastFleet, statusCodeOf, vehiclesAt } from '../../live/index.ts';
import type { Directory, Vehicle } from '../../registry/index.ts';
import { groupsOfRow, noteListRead, type NoteTold } from '../access/list-reads.ts';
import { readCursor, writeCursor } from '../cursors.ts';
import { findCustomer } from '../find-vehicle.ts';
import { httpLimits } from '../limits.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { readTime, toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';

const readFilters = (
  { customer, group, status, bbox }: FleetQueryParameters,
  directory: Directory,
  scope: ReadScope,
): PastFilters => {
  const found = customer === undefined ? undefined : findCustomer(directory, scope, customer);
  if (customer !== undefined && !found) throw invalidField('customer', customer, 'the name or id of a customer');
  return { customerId: found?.id, group, status, bbox };
};

const wantsFrame = ({ format }: FleetQueryParameters, accept: string | undefined): boolean =>
  format === undefined ? (accept ?? '').includes(mapFrameType) : format === 'frame';

const vehicleView = (past: PastVehicle): FleetVehicle => ({
  id: past.vehicle.id,
  plate: past.vehicle.plate,
  vin: past.vehicle.vin,
  status: past.status.status,
  statusSince: toIsoOrNull(past.status.since),
  statusReason: past.status.reason,
  position: past.position && {
    latitude: past.position.latitude,
    longitude: past.position.longitude,
    time: toIso(past.position.time),
    ...(past.headingDegrees === null ? {} : { heading: past.headingDegrees }),
  },
  speedKmh: past.speedKmh,
  energyPercent: past.energyPercent,
  isCharging: past.isCharging,
  ignition: past.ignition,
  severity: warningSeverities[past.severity] ?? 'none',
  warnings: warningCodes.filter((code) => (past.warningMask & (1 << warningKinds[code].bit)) !== 0),
});

/** Where the states came from that an answer is made of. */
class Origin {
  #keyframeMs = Number.POSITIVE_INFINITY;
  #completeTo = Number.POSITIVE_INFINITY;
  #isChunks = false;

  add({ moment }: PastFleet): void {
    if (moment.vehicleNos.length > 0 && moment.keyframeMs === null) this.#isChunks = true;
    this.#keyframeMs = Math.min(this.#keyframeMs, moment.keyframeMs ?? Number.POSITIVE_INFINITY);
    this.#completeTo = Math.min(this.#completeTo, moment.completeTo);
  }

  view(atMs: number): Pick<FleetPage, 'at' | 'source' | 'keyframe' | 'completeTo'> {
    const isKeyframes = !this.#isChunks && this.#keyframeMs !== Number.POSITIVE_INFINITY;
    return {
      at: toIso(atMs),
      source: isKeyframes ? 'keyframes' : 'chunks',
      keyframe: isKeyframes ? toIso(this.#keyframeMs) : null,
      completeTo: toIso(this.#completeTo === Number.POSITIVE_INFINITY ? 0 : this.#completeTo),
    };
  }
}

interface Asked {
  readonly deps: HttpDeps;
  readonly note: NoteTold;
  readonly scope: ReadScope;
  readonly atMs: number;
  readonly filters: PastFilters;
}

const read = ({ deps, scope, atMs, filters }: Asked, vehicles: readonly Vehicle[]): Promise<PastFleet> =>
  readPastFleet(
    { history: deps.history, directory: deps.registry.directory, vocabulary: deps.vocabulary },
    scope,
    atMs,
    vehicles,
    filters,
  );

const readPage = async (
  asked: Asked,
  { cursor, limit = apiLimits.pageSizeDefault }: FleetQueryParameters,
): Promise<FleetPage> => {
  const { atMs, deps, filters } = asked;
  const after = cursor === undefined ? 0 : readCursor(cursor, ['number'])[0];
  const left = vehiclesAt(deps.registry.directory, asked.scope, atMs, filters).filter(({ vehicleNo }) => vehicleNo > after);
  const origin = new Origin();
  const found: PastVehicle[] = [];
  let size = limit + 1;
  // At least once: a moment that cannot be asked for is an error also where there is no vehicle.
  for (let from = 0; from === 0 || (from < left.length && found.length <= limit); from += size) {
    if (from > 0) size = Math.min(httpLimits.fleetVehiclesPerRead, size * 4);
    const past = await read(asked, left.slice(from, from + size));
    origin.add(past);
    for (let place = 0; place < past.places && found.length <= limit; place++) {
      const vehicle = past.at(place);
      if (vehicle) found.push(vehicle);
    }
  }
  const items = found.slice(0, limit);
  for (const item of items) asked.note(item.vehicle.vehicleNo, groupsOfRow(item));
  const last = items.at(-1);
  const next = found.length > limit && last ? writeCursor([last.vehicle.vehicleNo]) : null;
  return { ...origin.view(atMs), items: items.map(vehicleView), next };
};

/** Fills roster and frame, which hold the same vehicles in the same order. */
class FrameBuilder {
  readonly #atMs: number;
  readonly #writer = new MapFrameWriter();
  readonly #roster = {
    vehicles: [] as string[],
    positionAgesMs: [] as (number | null)[],
    statusAgesMs: [] as (number | null)[],
    warnings: [] as number[],
    goodbyes: [] as number[],
  };

  constructor(atMs: number) {
    this.#atMs = atMs;
    this.#writer.begin(0, atMs);
  }

  add({ vehicle, position, headingDegrees, speedKmh, energyPercent, warningMask, severity, status }: PastVehicle): void {
    const roster = this.#roster;
    const handle = roster.vehicles.push(vehicle.id);
    const { latitude, longitude } = position ?? { latitude: Number.NaN, longitude: Number.NaN };
    this.#writer.add(handle, latitude, longitude, headingDegrees, speedKmh, energyPercent, statusCodeOf(status), severity);
    roster.positionAgesMs.push(position ? this.#atMs - position.time : null);
    roster.statusAgesMs.push(status.since === null ? null : this.#atMs - status.since);
    roster.warnings.push(warningMask);
    if (status.reason === 'goodbye') roster.goodbyes.push(handle);
  }

  /** u32 length of the roster · roster (JSON, UTF-8) · map frame. */
  finish(origin: Origin): Buffer {
    const roster = Buffer.from(JSON.stringify({ ...origin.view(this.#atMs), ...this.#roster } satisfies FleetRoster));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(roster.length);
    return Buffer.concat([length, roster, this.#writer.finish()]);
  }
}

const readFrame = async (asked: Asked): Promise<Buffer> => {
  const { atMs, deps, filters } = asked;
  const past = await read(asked, vehiclesAt(deps.registry.directory, asked.scope, atMs, filters));
  const frame = new FrameBuilder(atMs);
  for (let place = 0; place < past.places; place++) {
    if (place % httpLimits.fleetVehiclesPerSlice === httpLimits.fleetVehiclesPerSlice - 1) await nextTurn();
    const found = past.at(place);
    if (!found) continue;
    asked.note(found.vehicle.vehicleNo, groupsOfRow(found));
    frame.add(found);
  }
  const origin = new Origin();
  origin.add(past);
  return frame.finish(origin);
};

export const addFleetRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  routes.add('readFleetAt', async (call): Promise<FleetPage | FastifyReply> => {
    const { query, scope, request, reply } = call;
    const atMs = readTime('at', query.at);
    const filters = readFilters(query, deps.registry.directory, scope);
    const asked = { deps, scope, atMs, filters, note: await noteListRead(deps, call) };
    reply.header('vary', 'accept');
    if (!wantsFrame(query, request.headers.accept)) return readPage(asked, query);
    return reply.type(mapFrameType).send(await readFrame(asked));
  });
};
