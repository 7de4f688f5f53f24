import { errorCodes } from '@milepost/contract';
import type { FastifyInstance } from 'fastify';

const row = ([code, { status, title }]: [string, { readonly status: number; readonly title: string }]): string =>
  `<dt id="${code}"><code>${code}</code> (${status})</dt><dd>${title}</dd>`;

/** `/docs/errors`: where `type` of every problem leads. */
export const addErrorsPage = (fastify: FastifyInstance): void => {
  const list = Object.entries(errorCodes).map(row).join('\n');
  const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Errors · Milepost</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}dt:target{outline:2px solid}</style></head>
<body><main><h1>Errors</h1><dl>
${list}
</dl></main></body>
</html>
`;
  fastify.get('/docs/errors', { schema: { hide: true }, config: { access: 'anyone' } }, (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(page),
  );
};
