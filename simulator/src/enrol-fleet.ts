import { ApiError, type OperatorClient } from '@milepost/sdk';
import type { Profile } from './profile.ts';
import type { Membership, Memberships } from './state-file.ts';

const enrolmentsAtOnce = 500;

const existingIdOf = (error: unknown): string => {
  if (error instanceof ApiError && error.status === 409 && error.problem?.existingId) return error.problem.existingId;
  throw error;
};

const isThere = async (operator: OperatorClient, member: Membership | undefined, vin: string): Promise<boolean> => {
  if (!member) return false;
  try {
    const vehicle = await operator.readVehicle(member.vehicleId);
    return vehicle.vin === vin && vehicle.endedAt === null && vehicle.devices.some((device) => device.id === member.deviceId);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
};

/** A device that is there but whose secret is lost is revoked and made anew: a secret is shown only once. */
const addOne = async (operator: OperatorClient, profile: Profile): Promise<Membership> => {
  const vehicleId = await operator.createVehicle(profile.vehicle).then((made) => made.id, existingIdOf);
  const body = { imei: profile.imei, vehicleId, kind: 'vehicle' as const };
  const made = await operator.createDevice(body).catch(async (error: unknown) => {
    await operator.revokeDevice(existingIdOf(error));
    return operator.createDevice(body);
  });
  return { vehicleId, deviceId: made.id, secret: made.secret };
};

const addAll = async (operator: OperatorClient, profiles: readonly Profile[]): Promise<readonly Membership[]> => {
  const items = profiles.map(({ vehicle, imei }) => ({ vehicle, device: { imei, kind: 'vehicle' as const } }));
  try {
    return (await operator.enrol({ items })).items;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    const members: Membership[] = [];
    for (const profile of profiles) members.push(await addOne(operator, profile));
    return members;
  }
};

/** Puts the fleet into the registry as far as it is not there; answers the devices of all by IMEI. */
export const enrolFleet = async (
  operator: OperatorClient,
  profiles: readonly Profile[],
  known: Memberships,
): Promise<Memberships> => {
  const members: Memberships = {};
  const missing: Profile[] = [];
  for (const profile of profiles) {
    const member = known[profile.imei];
    if (member && (await isThere(operator, member, profile.vehicle.vin))) members[profile.imei] = member;
    else missing.push(profile);
  }
  for (let i = 0; i < missing.length; i += enrolmentsAtOnce) {
    const part = missing.slice(i, i + enrolmentsAtOnce);
    const added = await addAll(operator, part);
    part.forEach((profile, n) => {
      members[profile.imei] = added[n] as Membership;
    });
  }
  return members;
};
