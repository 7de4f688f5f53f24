import type { ConsentItem, VehicleDataDetail } from '@milepost/contract/api';
import type Provider from 'oidc-provider';
import { type AuditAct, writeAudit } from '../audit/index.ts';
import { CallerError, invalidField } from '../kernel/index.ts';
import type { AppPurpose, PartnerApp } from '../partners/index.ts';
import type { SignedIn, Whence } from '../people/index.ts';
import { makeAgreement, mayAnswer } from './agreements.ts';
import type { Backchannel } from './backchannel.ts';
import { detailProblem, detailsOf } from './check-detail.ts';
import type { ConsentAnswer } from './ports.ts';
import { oauthLimits } from './limits.ts';
import { digestOf, oauthActor } from './record-adapter.ts';
import { claimRequest, releaseRequest } from './store-records.ts';
import type { OauthOptions } from './types.ts';

/** One entry of what an app asks for, with the words that its owner reads. */
export interface Ask {
  readonly detail: VehicleDataDetail;
  readonly purpose: AppPurpose;
  readonly reasons: Readonly<Record<string, string>>;
}

/** What a page of consent shows. */
export interface AskedConsent {
  readonly id: string;
  /** The app sent the browser here, or it asked without one (CIBA). */
  readonly method: 'oauth' | 'ciba';
  readonly app: PartnerApp;
  /** Empty: it asks who you are, and no more. */
  readonly asks: readonly Ask[];
  /** CIBA: a text that the app shows as well, so that people see that they belong together. */
  readonly bindingMessage: string | null;
  /** Where the browser goes after the answer; null: it stays. */
  readonly returnsToHost: string | null;
  readonly expiresMs: number;
}

/** The answer to one entry. */
export interface GivenItems {
  /** Which entry. */
  readonly ask: number;
  readonly vehicles: readonly string[];
  readonly items: readonly ConsentItem[];
  readonly untilMs: number | null;
  readonly backDays: number;
}

export interface PageAnswer {
  readonly isAllowed: boolean;
  /** What is left out is not given. */
  readonly given: readonly GivenItems[];
  /** BCP 47. */
  readonly language: string;
}

const gone = (): CallerError =>
  new CallerError('link_used', 'this request was answered, is too old, or was begun in another browser: go back to the app');

/** Customers whose vehicles somebody may share. */
const managedBy = ({ memberships }: SignedIn): number[] =>
  memberships.flatMap(({ kind, role, customerNo }) =>
    kind === 'customer' && role === 'manager' && customerNo !== null ? [customerNo] : [],
  );

/** An item as it was asked for, or less fine. */
const checkGiven = ({ detail }: Ask, app: PartnerApp, given: GivenItems, nowMs: number): void => {
  const asked = detail.items.map(({ item, place, time, above }) => ({
    item,
    reason: '-',
    ...(place === undefined ? {} : { place }),
    ...(time === undefined ? {} : { time }),
    ...(above === undefined ? {} : { above }),
  }));
  const wanted: VehicleDataDetail = { ...detail, items: [...given.items] };
  const problem = detailProblem(wanted, { ...app, items: asked }, nowMs);
  if (problem !== undefined)
    throw invalidField('items', given.items.map(({ item }) => item).join(' '), `at most what was asked for: ${problem}`);
  for (const { item, above } of given.items) {
    const threshold = detail.items.find((one) => one.item === item)?.above;
    if (threshold !== undefined && above !== threshold)
      throw invalidField('items', above, `of ${item} only whether it is above ${threshold}, as was asked for`);
  }
  const untilMs = detail.until === undefined ? null : Date.parse(detail.until);
  if (untilMs !== null && (given.untilMs === null || given.untilMs > untilMs))
    throw invalidField('until', given.untilMs, `at most ${detail.until}`);
  if (given.backDays > (detail.backDays ?? 0)) throw invalidField('backDays', given.backDays, `at most ${detail.backDays ?? 0}`);
};

/** Requests that wait on a page of ours for the person who is signed in. */
export class Consents {
  readonly #options: OauthOptions;
  readonly #provider: () => Promise<Provider>;
  readonly #backchannel: Backchannel;

  constructor(options: OauthOptions, provider: () => Promise<Provider>, backchannel: Backchannel) {
    this.#options = options;
    this.#provider = provider;
    this.#backchannel = backchannel;
  }

  /** `isSameBrowser`: an answer counts only where the app sent somebody. Throws `link_used`, `forbidden`. */
  async read(id: string, by: SignedIn, isSameBrowser: boolean): Promise<AskedConsent> {
    const { asked } = await this.#find(id, by, isSameBrowser);
    return asked;
  }

  /** Those that apps asked without a browser, newest first. */
  async list({ person }: SignedIn): Promise<AskedConsent[]> {
    const waiting = await this.#backchannel.list(person.id);
    return waiting.flatMap(({ id, params, expiresMs }) => {
      const asked = this.#asked(id, 'ciba', params, expiresMs);
      return asked ? [asked] : [];
    });
  }

  /** Answers where the browser goes; null: it stays. Of two answers at once one counts. Throws `link_used`, `forbidden`, `invalid_field`. */
  async answer(id: string, answer: PageAnswer, by: SignedIn, isSameBrowser: boolean, from: Whence): Promise<string | null> {
    const { storage, clock, logger } = this.#options;
    const digest = digestOf(id);
    const nowMs = clock.now();
    const untilMs = nowMs + oauthLimits.answerMs;
    if (!(await storage.withActor(oauthActor, (tx) => claimRequest(tx, digest, nowMs, untilMs)))) throw gone();
    try {
      return await this.#answer(id, answer, by, isSameBrowser, from);
    } finally {
      await storage
        .withActor(oauthActor, (tx) => releaseRequest(tx, digest))
        .catch((error: unknown) => logger.warn('a request that was answered is released by its time alone', { error }));
    }
  }

  async #answer(id: string, answer: PageAnswer, by: SignedIn, isSameBrowser: boolean, from: Whence): Promise<string | null> {
    const { asked, finish } = await this.#find(id, by, isSameBrowser);
    const { app } = asked;
    if (!answer.isAllowed) {
      await this.#note('consent_refused', app, by, from);
      return finish(null);
    }
    const answers = this.#answersOf(asked, answer, by, from);
    if (asked.asks.length > 0 && answers.length === 0)
      throw invalidField('given', [], 'at least one item of one vehicle, or the answer no');
    const agreement = { app, personId: by.person.id, answers };
    const grantId = await makeAgreement(await this.#provider(), this.#options, agreement);
    await this.#note('consent_given', app, by, from);
    return finish(grantId);
  }

  #answersOf(asked: AskedConsent, { given, language }: PageAnswer, by: SignedIn, from: Whence): ConsentAnswer[] {
    const nowMs = this.#options.clock.now();
    return given.map((one) => {
      const ask = asked.asks[one.ask];
      if (!ask) throw invalidField('given', one.ask, 'an entry of what was asked for');
      checkGiven(ask, asked.app, one, nowMs);
      const { vehicles, items, untilMs, backDays } = one;
      const agreed = { vehicles, items, untilMs, backDays, language };
      const customerNos = managedBy(by);
      const about = {
        app: asked.app,
        personNo: by.person.personNo,
        customerNos,
        asked: ask.detail,
        purposeVersion: ask.purpose.version,
      };
      return { ...about, ...agreed, method: asked.method, address: from.address };
    });
  }

  async #find(
    id: string,
    by: SignedIn,
    isSameBrowser: boolean,
  ): Promise<{ readonly asked: AskedConsent; readonly finish: (grantId: string | null) => Promise<string | null> }> {
    const found = (await this.#backchannel.find(id, by.person.id)) ?? (isSameBrowser ? await this.#findPage(id) : undefined);
    const asked = found && this.#asked(id, found.method, found.params, found.expiresMs);
    if (!found || !asked) throw gone();
    if (!mayAnswer(asked.app, by))
      throw new CallerError('forbidden', `${asked.app.name} is being tried out: only people of its partner may answer it`);
    return { asked, finish: (grantId) => found.finish(grantId, by.person.id) };
  }

  async #findPage(id: string) {
    const interaction = await (await this.#provider()).Interaction.find(id);
    if (!interaction || interaction.result) return undefined;
    return {
      method: 'oauth' as const,
      params: interaction.params,
      expiresMs: interaction.exp * 1000,
      finish: async (grantId: string | null, personId: string): Promise<string> => {
        interaction.result =
          grantId === null
            ? { error: 'access_denied', error_description: 'the person said no' }
            : { login: { accountId: personId, remember: false }, consent: { grantId } };
        await interaction.persist();
        return interaction.returnTo;
      },
    };
  }

  /** Undefined: the app has ended meanwhile, or has taken its purpose back. */
  #asked(
    id: string,
    method: 'oauth' | 'ciba',
    params: Readonly<Record<string, unknown>>,
    expiresMs: number,
  ): AskedConsent | undefined {
    const app = this.#options.partners.directory.find(String(params['client_id']));
    if (!app) return undefined;
    const asks = detailsOf(params['authorization_details']).map((detail) => {
      const purpose = app.purposes.find((one) => one.purpose === detail.purpose);
      const reasons = Object.fromEntries(app.items.map(({ item, reason }) => [item, reason]));
      return purpose && { detail, purpose, reasons };
    });
    if (asks.includes(undefined)) return undefined;
    const back = typeof params['redirect_uri'] === 'string' ? URL.parse(params['redirect_uri']) : null;
    const message = params['binding_message'];
    return {
      id,
      method,
      app,
      asks: asks.filter((ask) => ask !== undefined),
      bindingMessage: typeof message === 'string' ? message : null,
      returnsToHost: method === 'oauth' ? (back?.host ?? null) : null,
      expiresMs,
    };
  }

  #note(act: AuditAct, app: PartnerApp, { person }: SignedIn, from: Whence): Promise<void> {
    const { storage, clock } = this.#options;
    const { personNo } = person;
    const detail = { app: app.name, partner: app.organisationName };
    const event = { act, personNo, subject: app.id, subjectPersonNo: personNo, address: from.address, detail };
    return storage.withActor(oauthActor, (tx) => writeAudit(tx, event, clock.now()));
  }
}
