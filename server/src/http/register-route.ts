import {
  type ApiRoute,
  type ApiRouteName,
  apiRoutes,
  problemDetails,
  type RouteBody,
  type RouteParams,
  type RouteQuery,
  type RouteResponse,
} from '@milepost/contract/api';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import Type, { type TSchema } from 'typebox';
import type { ReadScope } from '../events/index.ts';
import { assert, CallerError } from '../kernel/index.ts';
import { authenticate, authenticatePartner, type Caller } from './access/authenticate.ts';
import { checkOrigin, isStateChanging } from './access/check-origin.ts';
import { noteVehicleRead, type ReadParts, vehicleReads } from './access/vehicle-reads.ts';
import { addStreamBodies } from './stream-bodies.ts';
import type { Scopes } from '../sharing/index.ts';
import { textBodyOptions } from './text-bodies.ts';
import type { HttpDeps } from './types.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How a route lets callers in; absent: by its own means. */
    access?: ApiRoute['access'];
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/** What a handler is given: the parts of the request, checked, and the caller's permission to read. */
export interface Call<Name extends ApiRouteName> {
  readonly params: RouteParams<Name>;
  readonly query: RouteQuery<Name>;
  readonly body: RouteBody<Name>;
  /** Of the caller; routes for devices and for anyone have none. */
  readonly scope: ReadScope;
  readonly caller: Caller;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

type Answer<Name extends ApiRouteName> = RouteResponse<Name> extends undefined ? void : RouteResponse<Name>;
export type Handler<Name extends ApiRouteName> = (
  call: Call<Name>,
) => Answer<Name> | FastifyReply | Promise<Answer<Name> | FastifyReply>;

const nothing = Type.Object({}, { additionalProperties: false });
const byAnyMeans = [{ operatorToken: [] }, { personalToken: [] }, { browserSession: [] }];
const security: Record<ApiRoute['access'], readonly Record<string, string[]>[]> = {
  operator: byAnyMeans,
  staff: byAnyMeans,
  manager: byAnyMeans,
  reader: byAnyMeans,
  known: byAnyMeans,
  person: [{ browserSession: [] }],
  device: [],
  partner: [{ partnerToken: [] }],
  anyone: [],
};

const answers = (route: ApiRoute): Record<string, unknown> => {
  const json = route.response ?? { type: 'null', description: 'Done' };
  const contents = { 'application/json': { schema: json }, 'text/csv': { schema: { type: 'string' } } };
  const files = Object.fromEntries((route.files ?? []).map((type) => [type, { schema: { type: 'string', format: 'binary' } }]));
  const json200 = route.response ? { 'application/json': { schema: json } } : {};
  const content = route.files ? { ...json200, ...files } : contents;
  const success = route.hasCsv || route.files ? { description: 'Done', content } : json;
  const errors = { description: 'An error', content: { 'application/problem+json': { schema: problemDetails } } };
  return { [route.status]: success, default: errors };
};

/** JSON unless the route says otherwise. */
const bodyOf = ({ bodyText }: ApiRoute, schema: TSchema): unknown =>
  bodyText ? { content: { [bodyText.type]: { schema } } } : schema;

/** Described, not checked: the handler reads it. */
const streamOf = ({ types }: NonNullable<ApiRoute['bodyStream']>): unknown => ({
  content: Object.fromEntries(types.map((type) => [type, { schema: Type.Unknown({ description: 'The file' }) }])),
});

const schemaOf = (name: string, route: ApiRoute): FastifySchema => ({
  operationId: name,
  summary: route.summary,
  ...(route.description === undefined ? {} : { description: route.description }),
  tags: [route.tag],
  security: route.isByCertificate ? [{ deviceCertificate: [] }] : security[route.access],
  ...(route.params === undefined ? {} : { params: route.params }),
  querystring: route.query ?? (nothing as TSchema),
  ...(route.body === undefined ? {} : { body: bodyOf(route, route.body) }),
  ...(route.bodyStream === undefined ? {} : { body: streamOf(route.bodyStream) }),
  response: answers(route),
});

/** `/v1/vehicles/{id}` as the router writes it. */
const routerPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

const allMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
type Method = (typeof allMethods)[number];

/** Registers routes of the contract's table, with its schemas; a route that was left out is found by `checkComplete`. */
export class RouteRegistrar {
  readonly #fastify: FastifyInstance;
  readonly #registered = new Set<string>();
  readonly #scopes: Scopes | undefined;
  readonly #reads: ReadParts | undefined;
  /** `scopes`, `reads`: undefined where nobody is let in who reads data of vehicles. */
  constructor(fastify: FastifyInstance, scopes?: Scopes, reads?: ReadParts) {
    this.#fastify = fastify;
    this.#scopes = scopes;
    this.#reads = reads;
  }

  add<Name extends ApiRouteName>(name: Name, handler: Handler<Name>): void {
    const route: ApiRoute = apiRoutes[name];
    this.#registered.add(name);
    const { bodyStream } = route;
    if (!bodyStream) this.#addTo(this.#fastify, name, route, handler);
    // Apart, so that bodies of these types are collected everywhere else.
    else
      this.#fastify.register((scoped, _options, done) => {
        addStreamBodies(scoped, bodyStream.types);
        this.#addTo(scoped, name, route, handler);
        done();
      });
  }

  #addTo<Name extends ApiRouteName>(fastify: FastifyInstance, name: Name, route: ApiRoute, handler: Handler<Name>): void {
    fastify.route({
      method: route.method,
      url: routerPath(route.path),
      schema: schemaOf(name, route),
      config: { access: route.access, ...(route.bodyText ? { bodyType: route.bodyText.type } : {}) },
      ...textBodyOptions(route),
      handler: async (request, reply) => {
        reply.code(route.status);
        const caller = request.caller;
        const call = {
          params: request.params,
          query: request.query,
          body: request.body,
          request,
          reply,
          caller,
          scope: caller ? this.#scopes?.of(caller.reader) : undefined,
        };
        // The schemas of the same route have checked the parts, which the types cannot know.
        const read =
          this.#reads && vehicleReads[name] ? await noteVehicleRead(this.#reads, name, call as unknown as Call<Name>) : undefined;
        const answer = await handler(call as unknown as Call<Name>);
        read?.();
        // A body that was streamed has been sent by now, or nobody waits for the rest of it.
        if (answer === undefined && (reply.raw.headersSent || reply.raw.destroyed)) return reply;
        return answer ?? reply.send();
      },
    });
  }

  /** Every route of the contract is there, and every other method of its path is answered 405. */
  checkComplete(refuse: (allowed: readonly string[]) => (request: FastifyRequest, reply: FastifyReply) => void): void {
    const methods = new Map<string, Method[]>();
    for (const [name, route] of Object.entries(apiRoutes) as [string, ApiRoute][]) {
      assert(this.#registered.has(name), `the route ${name} has no handler`);
      const url = routerPath(route.path);
      methods.set(url, [...(methods.get(url) ?? []), route.method]);
    }
    for (const [url, allowed] of methods) {
      const others = allMethods.filter((method) => !allowed.includes(method) && !this.#fastify.hasRoute({ method, url }));
      if (others.length === 0) continue;
      this.#fastify.route({
        method: others,
        url,
        schema: { hide: true },
        config: { access: 'anyone' },
        handler: refuse(allowed),
      });
    }
  }
}

/** What a personal access token is needed for: reading changes nothing. */
const checkItems = (caller: Caller, method: string): void => {
  if (caller.actor !== 'person' || !caller.signedIn.token) return;
  const item = isStateChanging(method) ? 'write' : 'read';
  if (caller.signedIn.token.items.includes(item)) return;
  throw new CallerError('forbidden', `this access token is not for "${item}"`);
};

/** Lets in whom the route is for. Throws `unauthorized`, `forbidden`. */
const admit = async (request: FastifyRequest, kind: ApiRoute['access'] | undefined, deps: AccessDeps): Promise<Caller | null> => {
  if (kind === undefined || kind === 'device' || kind === 'anyone') return null;
  if (kind === 'partner') return authenticatePartner(request.headers, deps.oauth);
  const caller = await authenticate(request.headers, request.client.address, deps);
  if (kind === 'person') {
    // A token that was stolen does not become an account.
    if (caller.by === 'cookie') return caller;
    throw new CallerError('forbidden', 'this is about an account: sign in with a browser');
  }
  if (kind === 'operator' && !caller.isOperator) throw new CallerError('forbidden', 'this is for operators of the platform');
  if (kind === 'staff' && !caller.reader.isStaff) throw new CallerError('forbidden', 'this is for the platform’s staff');
  checkItems(caller, request.method);
  return caller;
};

export type AccessDeps = Pick<HttpDeps, 'access' | 'people' | 'oauth' | 'config'>;

/** The checks of a route that the contract describes, as a list: who calls, then from where. */
export const checkAccess = async (request: FastifyRequest, deps: AccessDeps): Promise<void> => {
  const { config } = deps;
  const caller = await admit(request, request.routeOptions.config.access, deps);
  request.caller = caller;
  if (!isStateChanging(request.method)) return;
  checkOrigin(request.headers.origin, {
    host: request.headers.host?.toLowerCase() ?? '',
    allowedOrigins: config.allowedOrigins,
    isRequired: caller?.by === 'cookie',
  });
};
