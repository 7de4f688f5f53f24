export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log: one JSON object a line on standard error. Secrets and personal data never go in. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields added to each line. */
  with(fields: LogFields): Logger;
}

const ranks: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

const describe = (value: unknown): unknown => {
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    stack: value.stack,
    ...(value.cause === undefined ? {} : { cause: describe(value.cause) }),
  };
};

export const makeLogger = (
  level: LogLevel,
  write: (line: string) => void = (line) => void process.stderr.write(line),
  base: LogFields = {},
): Logger => {
  const emit = (at: LogLevel, message: string, fields: LogFields = {}): void => {
    if (ranks[at] < ranks[level]) return;
    const all = Object.entries({ ...base, ...fields }).map(([key, value]) => [key, describe(value)] as const);
    write(`${JSON.stringify({ time: new Date().toISOString(), level: at, message, ...Object.fromEntries(all) })}\n`);
  };
  return {
    debug: (message, fields) => emit('debug', message, fields),
    info: (message, fields) => emit('info', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    error: (message, fields) => emit('error', message, fields),
    with: (fields) => makeLogger(level, write, { ...base, ...fields }),
  };
};

export const silentLogger: Logger = makeLogger('error', () => {});
