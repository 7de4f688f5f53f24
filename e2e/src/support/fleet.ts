import assert from 'node:assert/strict';
import type { RouteBody, RouteResponse } from '@milepost/contract/api';
import { OperatorClient } from '@milepost/sdk';
import type { Milepost } from './start-milepost.ts';

type Signals = Readonly<Record<string, number | boolean | string | readonly string[]>>;
export interface Sample {
  readonly time: number;
  readonly signals: Signals;
}

/** Short names of the signals that the tests report. */
export const signal = {
  latitude: 'Vehicle.CurrentLocation.Latitude',
  longitude: 'Vehicle.CurrentLocation.Longitude',
  heading: 'Vehicle.CurrentLocation.Heading',
  speed: 'Vehicle.Speed',
  energy: 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed',
  isCharging: 'Vehicle.Powertrain.TractionBattery.Charging.IsCharging',
  range: 'Vehicle.Powertrain.TractionBattery.Range',
  mileage: 'Vehicle.TraveledDistance',
  weight: 'Vehicle.CurrentOverallWeight',
  faultCodes: 'Vehicle.Diagnostics.DTCList',
  rearLeftPressure: 'Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure',
  rearLeftIsLow: 'Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.IsPressureLow',
} as const;

const postAs = async (milepost: Milepost, token: string, path: string, body: unknown): Promise<Response> =>
  fetch(milepost.origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });

export interface TestVehicle {
  readonly id: string;
  readonly name: string;
  /** Reports by HTTP as its device and answers when the server has it on disk. */
  report(...samples: readonly Sample[]): Promise<void>;
}

export const logIn = async (milepost: Milepost, imei: string, secret: string): Promise<string> => {
  const answer = await postAs(milepost, '', '/v1/devices/login', { imei, secret });
  assert.equal(answer.status, 200, await answer.clone().text());
  return ((await answer.json()) as RouteResponse<'login'>).token;
};

export const reportAs = async (milepost: Milepost, token: string, samples: readonly Sample[]): Promise<void> => {
  const answer = await postAs(milepost, token, '/v1/telemetry', { samples });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.deepEqual((JSON.parse(text) as { rejected: unknown[] }).rejected, [], text);
};

export type NewTestVehicle = Omit<RouteBody<'createVehicle'>, 'vin'> & { readonly plate: string };

/** Adds vehicles with a device each, which have logged in. */
export const addFleet = async (milepost: Milepost, vehicles: readonly NewTestVehicle[]): Promise<TestVehicle[]> => {
  const operator = new OperatorClient(milepost.origin, milepost.operatorToken);
  const items = vehicles.map((vehicle, n) => ({
    vehicle: { ...vehicle, vin: `WVWZZZ1JZ${String(n).padStart(8, '0')}` },
    device: { imei: String(350_000_000_000_000 + n) },
  }));
  const { items: made } = await operator.enrol({ items });
  return Promise.all(
    made.map(async ({ vehicleId, secret }, n) => {
      const token = await logIn(milepost, items[n]?.device.imei ?? '', secret);
      return {
        id: vehicleId,
        name: vehicles[n]?.plate ?? '',
        report: (...samples: readonly Sample[]) => reportAs(milepost, token, samples),
      };
    }),
  );
};

/** Lets something happen again and again, as devices do, until it is stopped. */
export const repeat = (everyMs: number, act: (turn: number) => Promise<void>): (() => Promise<void>) => {
  let isStopped = false;
  let wake: (() => void) | undefined;
  const run = async (): Promise<void> => {
    for (let turn = 0; !isStopped; turn++) {
      await act(turn);
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, everyMs);
      });
    }
  };
  const running = run();
  return async () => {
    isStopped = true;
    wake?.();
    await running;
  };
};
