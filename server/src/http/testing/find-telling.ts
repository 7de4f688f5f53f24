import assert from 'node:assert/strict';
import { type ApiRoute, apiRoutes } from '@milepost/contract/api';
import { secret, tellsSecret } from './find-places.ts';
import type { TestServer } from './open-test-server.ts';

const minuteMs = 60_000;
const location = 'Vehicle.CurrentLocation';
const allPlaces = ['Latitude', 'Longitude', 'Altitude', 'Heading']
  .map((name) => `${location}.${name}`)
  .concat('Vehicle.TraveledDistance')
  .join(',');
const secretBox = `${secret.longitude - 1},${secret.latitude - 1},${secret.longitude + 1},${secret.latitude + 1}`;

type Queries = readonly Readonly<Record<string, string>>[];

/** How routes are asked that say more when they are asked for it. The others are asked once, without a query. */
const queriesAt = (startMs: number): Readonly<Record<string, Queries>> => {
  const period = { from: String(startMs - 120 * minuteMs), to: String(startMs + 10 * minuteMs) };
  return {
    readHistory: [
      { signals: allPlaces, ...period },
      { signals: allPlaces, ...period, step: '60' },
      { signals: allPlaces, ...period, step: '3600' },
      { signals: allPlaces, ...period, format: 'csv' },
    ],
    exportHistory: [
      { format: 'gpx', ...period },
      { format: 'geojson', ...period },
      { format: 'csv', signals: allPlaces, ...period },
      { format: 'parquet', signals: allPlaces, ...period },
    ],
    readFleetAt: [61, 60, 45, 31, 30.2, 29.8, 20, 3, 2, 1, 0].flatMap((ago) => {
      const at = String(Math.round(startMs - ago * minuteMs));
      return [{ at }, { at, format: 'frame' }, { at, bbox: secretBox }];
    }),
    listVehicles: [{}, { bbox: secretBox }, { format: 'csv' }],
    readReports: [{ limit: '200' }],
  };
};

export interface Telling {
  /** Of the samples: places are looked for from two hours before it. */
  readonly startMs: number;
  readonly vehicleIds: readonly string[];
  readonly driverIds: readonly string[];
  /** Who asks. */
  readonly headers: Readonly<Record<string, string>>;
  /** Who asks is refused some routes: those of operators, or what only a holder may ask for. */
  readonly mayBeRefused?: boolean;
}

const idsAt = async (server: TestServer, address: string, { headers }: Telling): Promise<string[]> => {
  const { status, text } = await server.call('GET', address, undefined, headers);
  return status === 200 ? (JSON.parse(text) as { items: { id: string }[] }).items.map(({ id }) => id) : [];
};

/** The vehicles in place of `{id}`; further parts of a path come from the lists that name them. */
const addressesOf = async (server: TestServer, { path }: ApiRoute, telling: Telling): Promise<string[]> => {
  if (!path.includes('{')) return [path];
  if (path.startsWith('/v1/drivers/')) return telling.driverIds.map((id) => path.replace('{id}', id));
  if (!path.startsWith('/v1/vehicles/{id}')) return [];
  const addresses: string[] = [];
  for (const id of telling.vehicleIds) {
    const [list = '', part] = path.replace('{id}', id).split(/\/\{(\w+)\}/);
    if (part === undefined) addresses.push(list);
    else addresses.push(...(await idsAt(server, list, telling)).map((one) => `${list}/${one}`));
  }
  return addresses;
};

const get = async (server: TestServer, address: string, headers: Telling['headers']) => {
  const answer = await fetch(`${server.origin}${address}`, { headers });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', bytes };
};

/** Asks every route that readers and staff may ask; answers the names of those that tell a secret place. */
export const findTelling = async (server: TestServer, telling: Telling): Promise<string[]> => {
  const found = new Set<string>();
  const queriesOf = queriesAt(telling.startMs);
  for (const [name, route] of Object.entries(apiRoutes) as [string, ApiRoute][]) {
    if (route.method !== 'GET' || !['operator', 'staff', 'manager', 'reader'].includes(route.access)) continue;
    for (const address of await addressesOf(server, route, telling)) {
      for (const query of queriesOf[name] ?? [{}]) {
        const asked = `${address}?${new URLSearchParams(query).toString()}`;
        const { status, type, bytes } = await get(server, asked, telling.headers);
        if (telling.mayBeRefused && status >= 400 && status < 500 && status !== 400) continue;
        assert.equal(
          status,
          200,
          `${name}: ${asked} — give it the query that it needs in find-telling.ts: ${bytes.toString().slice(0, 300)}`,
        );
        if (await tellsSecret(bytes, type)) found.add(`${name}${query['format'] === undefined ? '' : ` ${query['format']}`}`);
      }
    }
  }
  return [...found].sort();
};
