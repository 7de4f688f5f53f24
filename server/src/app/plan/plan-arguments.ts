import { CallerError } from '../../kernel/index.ts';
import { type Options, textOf } from '../command-line.ts';
import { planDefaults, type PlanWanted } from './plan.ts';

interface Argument {
  readonly what: string;
  readonly min: number;
  readonly max: number;
  /** A part of one may be given. */
  readonly isFraction?: boolean;
}

/** Every argument of the command, by what it sets. */
const planArguments = {
  vehicles: { what: 'vehicles of the fleet', min: 1, max: 2_000_000_000 },
  reportsAMinute: { what: 'reports a minute of all of them', min: 1, max: 1e12 },
  samplesAReport: { what: 'samples in a report', min: 1, max: 10_000 },
  years: { what: 'years that history is kept', min: 0.01, max: 100, isFraction: true },
  replication: { what: 'copies in Kafka and in Cassandra', min: 1, max: 9 },
  logDays: { what: 'days that the log is kept', min: 1, max: 30 },
  utilisation: { what: 'part of a core that is planned for', min: 0.05, max: 1, isFraction: true },
  nodeCores: { what: 'cores of a broker and of a node of Cassandra', min: 1, max: 1024 },
  nodeTerabytes: { what: 'TB of disk of a broker and of a node of Cassandra', min: 0.1, max: 1000, isFraction: true },
} as const satisfies Record<keyof PlanWanted, Argument>;

const keys = Object.keys(planArguments) as (keyof PlanWanted)[];

/** `reportsAMinute` → `reports-a-minute` */
const optionOf = (key: keyof PlanWanted): string => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const given: Readonly<Partial<PlanWanted>> = planDefaults;

export const planUsage = `npm run plan -- --vehicles <n> --reports-a-minute <n> [--json] …
  How many partitions, processes, nodes, disks and how much network a cluster needs, computed from what was measured.
${keys.map((key) => `  --${optionOf(key).padEnd(17)} ${planArguments[key].what}${given[key] === undefined ? '' : `, ${given[key]} unless given`}`).join('\n')}
  --json              the same for programs`;

/** For `parseArgs`. */
export const planOptions = {
  ...Object.fromEntries(keys.map((key) => [optionOf(key), { type: 'string' as const }])),
  json: { type: 'boolean' as const },
};

const read = (options: Options, key: keyof PlanWanted): number => {
  const { min, max, isFraction = false }: Argument = planArguments[key];
  const name = optionOf(key);
  const text = textOf(options, name);
  const otherwise = given[key];
  if (text === undefined && otherwise !== undefined) return otherwise;
  const expected = `a ${isFraction ? '' : 'whole '}number from ${min} to ${max}`;
  if (text === undefined) throw new CallerError('bad_request', `--${name} is missing, expected ${expected}\n${planUsage}`);
  const value = Number(text);
  if (!(isFraction ? /^\d+(\.\d+)?$/ : /^\d+$/).test(text) || value < min || value > max)
    throw new CallerError('bad_request', `--${name} is ${text}, expected ${expected}\n${planUsage}`);
  return value;
};

export const planWantedOf = (options: Options): PlanWanted =>
  Object.fromEntries(keys.map((key) => [key, read(options, key)])) as { [K in keyof PlanWanted]: number };
