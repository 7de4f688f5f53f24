import { parseArgs } from 'node:util';
import { simulatorLimits } from './limits.ts';

export interface SimulatorArguments {
  readonly server: string;
  readonly operatorToken: string;
  readonly data: string;
  readonly vehicles: number;
  readonly buses: number;
  /** Vans and cars. */
  readonly modelled: number;
  readonly seed: number;
  readonly fromMs: number;
  /** Days of the past that trackers have stored. */
  readonly days: number;
  /** Drivers, a schedule of reports, and vehicles whose connection is not as it should be. */
  readonly hasLife: boolean;
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

const readCount = (name: string, text: string, max: number): number => {
  if (/^\d{1,9}$/.test(text) && Number(text) <= max) return Number(text);
  throw new Error(`--${name} is ${text}, expected a whole number from 0 to ${max}`);
};

const readDuration = (name: string, text: string): number => {
  const [, count, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit ?? ''] ?? Number.NaN);
  if (ms <= simulatorLimits.lagMaxMs) return ms;
  throw new Error(`--${name} is ${text}, expected a time like 30m or 2h, 24h at most`);
};

/** Reads the command line; the operator token may come by MILEPOST_OPERATOR_TOKEN instead, where no other process sees it. */
export const readArguments = (args: readonly string[], environment: Readonly<NodeJS.ProcessEnv>): SimulatorArguments => {
  const text = (value: string) => ({ type: 'string' as const, default: value });
  const { values } = parseArgs({
    args: [...args],
    options: {
      server: { type: 'string' },
      'operator-token': { type: 'string' },
      data: { type: 'string' },
      vehicles: text('12'),
      buses: text('60'),
      modelled: text('0'),
      seed: text('1'),
      from: text('2h'),
      days: text('0'),
      life: { type: 'boolean', default: false },
    },
  });
  const operatorToken = values['operator-token'] ?? environment['MILEPOST_OPERATOR_TOKEN'];
  if (!values.server || !URL.canParse(values.server))
    throw new Error(`--server is ${values.server}, expected the server's address`);
  if (!operatorToken) throw new Error('--operator-token is missing, and MILEPOST_OPERATOR_TOKEN is not set');
  if (!values.data) throw new Error('--data is missing, expected a folder for the secrets of the simulated devices');
  return {
    server: values.server,
    operatorToken,
    data: values.data,
    vehicles: readCount('vehicles', values.vehicles, simulatorLimits.vehiclesMax),
    buses: readCount('buses', values.buses, simulatorLimits.busesMax),
    modelled: readCount('modelled', values.modelled, simulatorLimits.modelledMax),
    days: readCount('days', values.days, simulatorLimits.daysMax),
    hasLife: values.life,
    seed: readCount('seed', values.seed, 999_999_999),
    fromMs: readDuration('from', values.from),
  };
};
