import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { CallerError, MilepostError } from '../kernel/index.ts';

export type Options = Readonly<Record<string, string | boolean | undefined>>;

/** Options and names of a command line; what is wrong with them is said with how it is used. */
export const readCommandLine = (
  options: ParseArgsOptionsConfig,
  namesMax: number,
  usage: string,
): { readonly options: Options; readonly names: readonly string[] } => {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (positionals.length > namesMax) throw new Error(`${positionals.slice(namesMax).join(' ')} is too much`);
    return { options: values as Options, names: positionals };
  } catch (error) {
    throw new CallerError('bad_request', `${(error as Error).message}\n${usage}`);
  }
};

/** Text of an option that was given. */
export const textOf = (options: Options, name: string): string | undefined => {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** A whole number from 1 on that was given. */
export const wholeOf = (options: Options, name: string, max: number, usage: string): number | undefined => {
  const text = textOf(options, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new CallerError('bad_request', `--${name} is ${text}, expected a whole number from 1 to ${max}\n${usage}`);
  return value;
};

export const tell = (line: string): void => void process.stdout.write(`${line}\n`);

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
export const bytesText = (bytes: number): string => {
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
};

const tellEveryMs = 2000;
/** Tells how far a long copy is, now and then. */
export const bytesProgress = (what: string): ((bytes: number) => void) => {
  let done = 0;
  let toldMs = performance.now();
  return (bytes) => {
    done += bytes;
    if (performance.now() - toldMs < tellEveryMs) return;
    toldMs = performance.now();
    tell(`${what}: ${bytesText(done)}`);
  };
};

/** Runs a command to its end; says in one line what was wrong, and the stack only when it is a mistake of ours. */
export const runCommand = async (run: () => Promise<void>): Promise<void> => {
  try {
    await run();
  } catch (error) {
    const isKnown = error instanceof MilepostError && error.code !== 'internal';
    process.stderr.write(`${isKnown ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  }
};
