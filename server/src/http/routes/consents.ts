import type { AskedConsentView } from '@milepost/contract/api';
import type { FastifyRequest } from 'fastify';
import { assert, invalidField } from '../../kernel/index.ts';
import { type AskedConsent, hereCookieName } from '../../oauth/index.ts';
import { readCookie } from '../access/cookies.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { signedInOf, whence } from './people.ts';

const askedView = ({ id, method, app, asks, bindingMessage, returnsToHost, expiresMs }: AskedConsent): AskedConsentView => ({
  id,
  method,
  app: {
    id: app.id,
    name: app.name,
    about: app.about,
    homepage: app.homepage,
    privacyPage: app.privacyPage,
    environment: app.environment,
    partner: app.organisationName,
  },
  asks: asks.map(({ detail, purpose, reasons }) => ({
    vehicles: detail.vehicles ?? null,
    items: detail.items.map((item) => ({ ...item, reason: reasons[item.item] ?? '' })),
    purpose: {
      purpose: purpose.purpose,
      version: purpose.version,
      language: purpose.language,
      terms: purpose.terms,
      declaredAt: toIso(purpose.declaredMs),
    },
    until: detail.until ?? null,
    backDays: detail.backDays ?? 0,
  })),
  bindingMessage,
  returnsToHost,
  expiresAt: toIso(expiresMs),
});

const untilOf = (until: string | null | undefined): number | null => {
  if (until === undefined || until === null) return null;
  const ms = Date.parse(until);
  if (Number.isNaN(ms)) throw invalidField('given.until', until, 'a moment in ISO 8601');
  return ms;
};

/** What apps ask people for. */
export const addConsentRoutes = (routes: RouteRegistrar, { oauth, access }: Pick<HttpDeps, 'oauth' | 'access'>): void => {
  const { consents } = oauth;
  const isHere = (request: FastifyRequest, id: string): boolean =>
    readCookie(request.headers.cookie, hereCookieName(access.cookieName)) === id;
  routes.add('listConsents', async ({ caller }) => ({ items: (await consents.list(signedInOf(caller))).map(askedView) }));
  routes.add('readConsent', async ({ params, caller, request }) =>
    askedView(await consents.read(params.id, signedInOf(caller), isHere(request, params.id))),
  );
  routes.add('answerConsent', async ({ params, body, caller, request }) => {
    const { isAllowed, given = [], language } = body;
    const answered = given.map((one) => ({ ...one, untilMs: untilOf(one.until), backDays: one.backDays ?? 0 }));
    const answer = { isAllowed, given: answered, language };
    const by = signedInOf(caller);
    return { continueAt: await consents.answer(params.id, answer, by, isHere(request, params.id), whence(request)) };
  });
  routes.add('readPartnerToken', ({ caller }) => {
    assert(caller.actor === 'partner', 'a partner was let in');
    const { app, details, expiresMs } = caller.token;
    return {
      app: { id: app.id, name: app.name, environment: app.environment },
      partner: { id: app.organisationId, name: app.organisationName },
      details: [...details],
      expiresAt: toIso(expiresMs),
    };
  });
};
