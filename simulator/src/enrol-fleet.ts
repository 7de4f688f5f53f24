import { ApiError, type OperatorClient } from '@milepost/sdk';
import { makeTwizy, type Profile } from './profile.ts';
import type { Membership, Memberships } from './state-file.ts';

const enrolmentsAtOnce = 500;
/** How often the secrets can be lost. */
const generationsMax = 100;

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

/** A secret is shown only once: a device whose secret is lost is revoked, and one with the next IMEI takes its place. */
const addDevice = async (operator: OperatorClient, profile: Profile, vehicleId: string): Promise<Membership> => {
  for (let generation = 0; generation < generationsMax; generation++) {
    const imei = profile.imeiOf(generation);
    try {
      const made = await operator.createDevice({ imei, vehicleId, kind: 'vehicle' });
      return { imei, vehicleId, deviceId: made.id, secret: made.secret };
    } catch (error) {
      const id = existingIdOf(error);
      const device = await operator.call('readDevice', { id });
      if (device.revokedAt === null) await operator.revokeDevice(id);
    }
  }
  throw new Error(
    `${profile.vehicle.plate} has had ${generationsMax} devices: keep the folder of --data, or begin with a new server`,
  );
};

/** Of a vehicle that is there nobody knows what it has told: its past is not told again. */
const addOne = async (operator: OperatorClient, profile: Profile): Promise<Membership> => {
  let isNew = true;
  const vehicleId = await operator.createVehicle(profile.vehicle).then(
    (made) => made.id,
    (error: unknown) => {
      isNew = false;
      return existingIdOf(error);
    },
  );
  const member = await addDevice(operator, profile, vehicleId);
  return isNew ? member : { ...member, sentUntilMs: Date.now() };
};

const addAll = async (operator: OperatorClient, profiles: readonly Profile[]): Promise<readonly Membership[]> => {
  const items = profiles.map(({ vehicle, imeiOf }) => ({ vehicle, device: { imei: imeiOf(0), kind: 'vehicle' as const } }));
  try {
    const made = (await operator.enrol({ items })).items;
    return made.map((ids, i) => ({ ...ids, imei: (profiles[i] as Profile).imeiOf(0) }));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    const members: Membership[] = [];
    for (const profile of profiles) members.push(await addOne(operator, profile));
    return members;
  }
};

/** Puts the fleet into the registry as far as it is not there; answers the devices of all by VIN. */
export const enrolFleet = async (
  operator: OperatorClient,
  profiles: readonly Profile[],
  known: Memberships,
): Promise<Memberships> => {
  const members: Memberships = {};
  const missing: Profile[] = [];
  for (const profile of profiles) {
    const member = known[profile.vehicle.vin];
    if (member && (await isThere(operator, member, profile.vehicle.vin))) members[profile.vehicle.vin] = member;
    else missing.push(profile);
  }
  for (let i = 0; i < missing.length; i += enrolmentsAtOnce) {
    const part = missing.slice(i, i + enrolmentsAtOnce);
    const added = await addAll(operator, part);
    part.forEach((profile, n) => {
      members[profile.vehicle.vin] = added[n] as Membership;
    });
  }
  return members;
};

/** A vehicle whose device was made and has never come: it waits in its box. */
export const enrolUnseen = async (operator: OperatorClient, seed: number, index: number): Promise<void> => {
  const profile = makeTwizy(seed, index);
  try {
    const device = { imei: profile.imeiOf(0), kind: 'vehicle' as const };
    await operator.enrol({ items: [{ vehicle: { ...profile.vehicle, note: unseenNote }, device }] });
  } catch (error) {
    existingIdOf(error);
  }
};
const unseenNote = 'Delivered, and its device was not built in yet. VIN, plate and IMEI are invented.';
