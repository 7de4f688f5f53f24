import { ApiError, type OperatorClient } from '@milepost/sdk';
import { dayMs, localMidnightMs } from './local-week.ts';

/** A vehicle that somebody drives. */
export interface DrivenVehicle {
  readonly vehicleId: string;
  readonly vin: string;
  /** Its drives of a period. */
  readonly drives: (fromMs: number, toMs: number) => readonly { readonly fromMs: number; readonly toMs: number }[];
}

const customer = 'Atlas Parcels Demo';
/** Somebody drove before the change, also when nothing of it was stored. */
const daysMin = 8;
const scheduleName = 'Last week by vehicle';
const iso = (ms: number): string => new Date(ms).toISOString();

/** Three drivers on three vehicles; in the middle of the week two of them change places. */
const assignments = (vehicles: readonly DrivenVehicle[], sinceMs: number, changeMs: number): string => {
  const [first, second, third] = vehicles.map(({ vin }) => vin);
  const [since, change] = [iso(sinceMs), iso(changeMs)];
  return [
    'name;number;customer;vehicle;from;to',
    `Salma Idrissi;P-101;${customer};${first};${since};`,
    `Youssef Alami;P-102;${customer};${second};${since};${change}`,
    `Nadia Berrada;P-103;${customer};${third};${since};${change}`,
    `Youssef Alami;P-102;${customer};${third};${change};`,
    `Nadia Berrada;P-103;${customer};${second};${change};`,
  ].join('\n');
};

const addDrivers = async (operator: OperatorClient, vehicles: readonly DrivenVehicle[], nowMs: number, days: number) => {
  const { items } = await operator.call('listDrivers', { query: { customer, state: 'all' } });
  if (items.length > 0) return;
  const changeMs = localMidnightMs(nowMs - 3 * dayMs);
  const text = assignments(vehicles, localMidnightMs(nowMs - Math.max(days, daysMin) * dayMs), changeMs);
  const { wrong, lines } = await operator.call('importDrivers', { text: { type: 'text/csv', text } });
  if (wrong > 0) throw new Error(`drivers were not taken: ${JSON.stringify(lines.filter(({ outcome }) => outcome === 'wrong'))}`);
};

/** The last drive of the third vehicle that ended a day ago was nobody's business. */
const addPrivateTrip = async (operator: OperatorClient, vehicle: DrivenVehicle | undefined, nowMs: number) => {
  if (!vehicle) return;
  const id = vehicle.vehicleId;
  if ((await operator.call('listPrivatePeriods', { id })).items.length > 0) return;
  const drive = vehicle.drives(nowMs - 7 * dayMs, nowMs - dayMs).at(-1);
  if (!drive) return;
  await operator.call('makePrivate', { id, body: { from: drive.fromMs - 60_000, to: drive.toMs + 60_000 } });
};

const addSchedule = async (operator: OperatorClient) => {
  const { items } = await operator.call('listReportSchedules');
  if (items.some(({ name }) => name === scheduleName)) return;
  await operator.call('createReportSchedule', {
    body: {
      name: scheduleName,
      period: 'lastWeek',
      by: 'vehicle',
      customer,
      timeZone: 'Africa/Casablanca',
      every: 'weekly',
      weekday: 1,
      hour: 6,
    },
  });
};

/** What an operator would do: drivers and who drove what, a private trip, a report each Monday. Doing it again changes nothing. */
export const seedPeople = async (
  operator: OperatorClient,
  vehicles: readonly DrivenVehicle[],
  nowMs: number,
  days: number,
): Promise<void> => {
  if (vehicles.length < 3) return;
  await addDrivers(operator, vehicles, nowMs, days);
  await addPrivateTrip(operator, vehicles[2], nowMs);
  await addSchedule(operator);
};

/** The first report of the schedule, made out of turn. */
export const makeFirstReport = async (operator: OperatorClient): Promise<void> => {
  const { items } = await operator.call('listReportSchedules');
  const schedule = items.find(({ name, lastRun }) => name === scheduleName && lastRun === null);
  if (!schedule) return;
  try {
    await operator.call('runReportSchedule', { id: schedule.id });
  } catch (error) {
    // Made at this very moment by its turn, or nobody has time: Monday comes.
    if (!(error instanceof ApiError)) throw error;
  }
};
