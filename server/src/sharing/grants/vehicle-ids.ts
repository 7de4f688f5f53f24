import { createHmac } from 'node:crypto';

const idCharacters = 20;

/**
 * Opaque ids of vehicles, of one app each: two apps cannot find out by them that they read the same car. Stable for as long as the pepper, so
 * that an app knows a car again which was granted to it anew.
 */
export const makeVehicleIds = (pepper: Uint8Array) => {
  const idOf = (appNo: number, vehicleNo: number): string => {
    const digest = createHmac('sha256', pepper).update(`shared vehicle:${appNo}:${vehicleNo}`, 'utf8').digest('hex');
    return `car_${digest.slice(0, idCharacters)}`;
  };
  return {
    idOf,
    /** Among the vehicles that an app has grants of; undefined: none of them. */
    find: (appNo: number, id: string, vehicleNos: Iterable<number>): number | undefined => {
      for (const vehicleNo of vehicleNos) if (idOf(appNo, vehicleNo) === id) return vehicleNo;
      return undefined;
    },
  };
};
export type VehicleIds = ReturnType<typeof makeVehicleIds>;
