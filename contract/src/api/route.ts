import type { TSchema } from 'typebox';
import { closed, opaqueId } from './shared.ts';

export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in OpenAPI: `/v1/vehicles/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag:
    | 'vehicles'
    | 'customers'
    | 'devices'
    | 'history'
    | 'trips'
    | 'drivers'
    | 'reports'
    | 'warnings'
    | 'people'
    | 'partners'
    | 'consent'
    | 'server';
  /**
   * Who may call: the platform's operators (token or session); its staff, who may be support, too; readers, who are all that are known, each for what
   * they may see; managers, who are operators and whoever holds the thing or manages it for the customer that does; whoever is known; a person in
   * a browser about the own account; a device with its own means; an app of a partner with the token that a person gave it; or anyone.
   */
  readonly access: 'operator' | 'staff' | 'manager' | 'reader' | 'known' | 'person' | 'device' | 'partner' | 'anyone';
  /** A device calls it by its client certificate. */
  readonly isByCertificate?: true;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** The body is text of this type instead of JSON, and at most so long. */
  readonly bodyText?: { readonly type: 'text/csv'; readonly bytesMax: number };
  /** The body is a file of one of these types, read while it arrives, and at most so long. */
  readonly bodyStream?: { readonly types: readonly string[]; readonly bytesMax: number };
  /** Status of success and its body; none with 204. */
  readonly status: 200 | 201 | 204;
  readonly response?: TSchema;
  /** The answer can also be had as text/csv. */
  readonly hasCsv?: boolean;
  /** The answer is a file of one of these types instead of JSON, or beside it when there is a `response`. */
  readonly files?: readonly string[];
}

export const byId = closed({ id: opaqueId });

export const operator = <const R extends Omit<ApiRoute, 'access'>>(route: R) => ({ ...route, access: 'operator' as const });
export const staff = <const R extends Omit<ApiRoute, 'access'>>(route: R) => ({ ...route, access: 'staff' as const });
export const manager = <const R extends Omit<ApiRoute, 'access'>>(route: R) => ({ ...route, access: 'manager' as const });
export const reader = <const R extends Omit<ApiRoute, 'access'>>(route: R) => ({ ...route, access: 'reader' as const });
export const known = <const R extends Omit<ApiRoute, 'access'>>(route: R) => ({ ...route, access: 'known' as const });
export const person = <const R extends Omit<ApiRoute, 'access'>>(route: R) => ({ ...route, access: 'person' as const });
export const anyone = <const R extends Omit<ApiRoute, 'access'>>(route: R) => ({ ...route, access: 'anyone' as const });
export const partner = <const R extends Omit<ApiRoute, 'access'>>(route: R) => ({ ...route, access: 'partner' as const });
