import { asyncApiDocument } from '@milepost/contract/api';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

const tags = [
  { name: 'vehicles', description: 'Vehicles with their latest state' },
  { name: 'history', description: 'The past: values, status changes, raw reports' },
  { name: 'devices', description: 'Devices, their logins and reports' },
  { name: 'customers', description: 'Whom vehicles belong to' },
  { name: 'consent', description: 'Consent: what apps ask people for, and what they answer' },
  { name: 'partners', description: 'Partners: their organisations, apps and secrets, and the word of the platform about them' },
  { name: 'consent', description: 'Who may read what of one’s vehicles: grants, requests, partners that may ask no more' },
  { name: 'people', description: 'Accounts: signing in, and what people change about themselves' },
  { name: 'server', description: 'The server itself, its vocabulary, who is signed in' },
];

/** Collects every route that is registered after it; `/openapi.json` answers the document. */
export const addOpenApi = async (fastify: FastifyInstance, version: string, cookieName: string): Promise<void> => {
  await fastify.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Milepost',
        version,
        description:
          'The open connected-vehicle platform. Errors are RFC 9457 problem details with a code of a closed list. Lists are pages: `{items, next}`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags,
      components: {
        securitySchemes: {
          operatorToken: { type: 'http', scheme: 'bearer', description: 'The operator token' },
          partnerToken: { type: 'http', scheme: 'bearer', description: 'The access token that a person gave to an app' },
          personalToken: {
            type: 'http',
            scheme: 'bearer',
            description: 'A personal access token of an operator: docs/people.md',
          },
          deviceToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'From `POST /v1/devices/login`' },
          deviceCertificate: {
            type: 'mutualTLS',
            description: 'A client certificate that names the IMEI, on the TLS listener of devices. docs/enrolment.md',
          },
          browserSession: {
            type: 'apiKey',
            in: 'cookie',
            name: cookieName,
            description: 'After signing in; state-changing requests need our own Origin',
          },
        },
      },
    },
    exposeHeadRoutes: false,
    // The types of the library do not know mutualTLS, which came with OpenAPI 3.1.
  } as unknown as Parameters<typeof swagger>[1]);
};

/** After all other routes: the document is made once. */
export const addOpenApiRoute = (fastify: FastifyInstance): void => {
  let text: string | undefined;
  fastify.get('/openapi.json', { schema: { hide: true }, config: { access: 'anyone' } }, (_request, reply) => {
    text ??= JSON.stringify(fastify.swagger());
    return reply.type('application/json').header('cache-control', 'no-cache').send(text);
  });
};

/** `/v1/asyncapi.json`: what apps are told without asking each time. */
export const addAsyncApiRoute = (fastify: FastifyInstance, version: string): void => {
  const text = JSON.stringify(asyncApiDocument(version));
  fastify.get('/v1/asyncapi.json', { schema: { hide: true }, config: { access: 'anyone' } }, (_request, reply) =>
    reply.type('application/json').header('cache-control', 'no-cache').send(text),
  );
};
