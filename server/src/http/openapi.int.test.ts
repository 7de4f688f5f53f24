import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiRoute, apiRoutes } from '@milepost/contract/api';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly maximum?: number;
  readonly items?: unknown;
  readonly [keyword: string]: unknown;
}
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
  readonly responses: Record<
    string,
    { readonly description: string; readonly content?: Record<string, { readonly schema: Schema }> }
  >;
  readonly security?: readonly Record<string, readonly string[]>[];
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly securitySchemes: Record<string, { readonly type: string }> };
}

let server: TestServer;
let document: Document;
before(async () => {
  server = await openTestServer('openapi');
  document = JSON.parse((await server.call('GET', '/openapi.json')).text) as Document;
});
after(() => server?.close());

const visit = (value: unknown, path: string, see: (schema: Schema, path: string) => void): void => {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) see(value as Schema, path);
  for (const [key, child] of Object.entries(value)) visit(child, `${path}/${key}`, see);
};

test('the document is OpenAPI 3.1 with every route of the contract', () => {
  assert.equal(document.openapi, '3.1.0');
  assert.equal(document.info.title, 'Milepost');
  for (const [name, route] of Object.entries(apiRoutes) as [string, ApiRoute][]) {
    const operation = document.paths[route.path]?.[route.method.toLowerCase()];
    assert.equal(operation?.operationId, name, `${route.method} ${route.path}`);
    assert.ok(operation.summary);
    assert.ok(operation.responses[route.status]?.description, name);
    const json = operation.responses[route.status]?.content?.['application/json']?.schema;
    assert.equal(json === undefined, route.response === undefined, `${name} describes its answer`);
    const hasBody = route.body !== undefined || route.bodyStream !== undefined;
    assert.equal(operation.requestBody !== undefined, hasBody, `${name} describes its body`);
    assert.ok(operation.responses['default']?.content?.['application/problem+json'], `${name} describes its errors`);
  }
  const telemetry = document.paths['/v1/telemetry']?.['post'];
  assert.ok(
    telemetry?.requestBody && telemetry.responses['200']?.content?.['application/json']?.schema,
    'the route of devices too',
  );
});

test('no route is in the document that the contract does not have', () => {
  const known = new Set(Object.values(apiRoutes).map((route) => `${route.method} ${route.path}`));
  known.add('POST /v1/telemetry');
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of Object.keys(operations)) assert.ok(known.has(`${method.toUpperCase()} ${path}`), `${method} ${path}`);
  }
});

test('every parameter of a path is described, every security scheme that is used exists', () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    const names = Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1]);
    for (const operation of Object.values(operations)) {
      const described = operation.parameters?.filter((parameter) => parameter.in === 'path') ?? [];
      assert.deepEqual(
        described.map((parameter) => parameter.name),
        names,
        path,
      );
      assert.ok(described.every((parameter) => parameter.required));
      for (const scheme of (operation.security ?? []).flatMap((one) => Object.keys(one)))
        assert.ok(document.components.securitySchemes[scheme], scheme);
    }
  }
});

test('what takes text says so, and what takes a certificate', () => {
  assert.deepEqual(Object.keys(document.paths['/v1/enrolments/csv']?.['post']?.requestBody?.content ?? {}), ['text/csv']);
  assert.deepEqual(document.paths['/v1/devices/token']?.['post']?.security, [{ deviceCertificate: [] }]);
  assert.deepEqual(document.paths['/v1/telemetry']?.['post']?.security, [{ deviceToken: [] }, { deviceCertificate: [] }]);
  assert.equal(document.components.securitySchemes['deviceCertificate']?.type, 'mutualTLS');
});

test('schemas are JSON Schema 2020-12: no tuples of old, and every integer has a maximum', () => {
  visit(document.paths, '', (schema, path) => {
    if (schema.type === 'integer') assert.equal(typeof schema.maximum, 'number', `${path} has no maximum`);
    assert.ok(!Array.isArray(schema.items), `${path} has a list of items`);
    assert.ok(!('nullable' in schema), `${path} is nullable as in 3.0`);
    assert.ok(!('additionalItems' in schema), path);
  });
});

test('every list parameter that the contract names is a parameter of the document', () => {
  const listed = document.paths['/v1/vehicles']?.['get']?.parameters?.map((parameter) => parameter.name);
  assert.deepEqual(listed, Object.keys(apiRoutes.listVehicles.query.properties));
});
