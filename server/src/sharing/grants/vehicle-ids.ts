import { createHmac, createSecretKey } from 'node:crypto';
import { grantLimits } from './limits.ts';

const idCharacters = 20;

/** The vehicles that somebody may ask for. */
export interface VehiclesAsked extends Iterable<number> {
  has(vehicleNo: number): boolean;
}

/**
 * Opaque ids of vehicles, of one app each: two apps cannot find out by them that they read the same car. Stable for as long as the pepper, so
 * that an app knows a car again which was granted to it anew. Those that were made are remembered, up to a limit: each read asks for one, and a
 * fleet's app for one of thousands.
 */
export const makeVehicleIds = (pepper: Uint8Array) => {
  const key = createSecretKey(pepper);
  const ids = new Map<string, string>();
  const vehicles = new Map<string, { readonly appNo: number; readonly vehicleNo: number }>();
  const idOf = (appNo: number, vehicleNo: number): string => {
    const name = `${appNo}:${vehicleNo}`;
    const known = ids.get(name);
    if (known !== undefined) return known;
    if (ids.size >= grantLimits.vehicleIdsKept) {
      ids.clear();
      vehicles.clear();
    }
    const digest = createHmac('sha256', key).update(`shared vehicle:${name}`, 'utf8').digest('hex');
    const id = `car_${digest.slice(0, idCharacters)}`;
    ids.set(name, id);
    vehicles.set(id, { appNo, vehicleNo });
    return id;
  };
  return {
    idOf,
    /** Among the vehicles that an app has grants of; undefined: none of them. */
    find: (appNo: number, id: string, asked: VehiclesAsked): number | undefined => {
      const known = vehicles.get(id);
      if (known?.appNo === appNo) return asked.has(known.vehicleNo) ? known.vehicleNo : undefined;
      for (const vehicleNo of asked) if (idOf(appNo, vehicleNo) === id) return vehicleNo;
      return undefined;
    },
  };
};
export type VehicleIds = ReturnType<typeof makeVehicleIds>;
