import { CallerError } from '../../kernel/index.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

export const isStateChanging = (method: string): boolean => !safeMethods.has(method);

export interface OriginOptions {
  /** The Host header, which was checked before. */
  readonly host: string;
  /** Pages of other origins that may act, such as a development server. */
  readonly allowedOrigins: readonly string[];
  /** A browser always says where it comes from; a program with a token need not. */
  readonly isRequired: boolean;
}

/** Refuses what a page of another origin makes a browser do. */
export const checkOrigin = (origin: string | undefined, { host, allowedOrigins, isRequired }: OriginOptions): void => {
  if (origin === undefined) {
    if (!isRequired) return;
    throw new CallerError('forbidden_origin', 'a browser session needs an Origin header here', { field: 'Origin' });
  }
  const own = [`http://${host}`, `https://${host}`, ...allowedOrigins];
  if (own.includes(origin.toLowerCase())) return;
  throw new CallerError(
    'forbidden_origin',
    `the request comes from ${JSON.stringify(origin.slice(0, 200))}, not from a page of this server`,
    { field: 'Origin' },
  );
};
