import { createHash } from 'node:crypto';
import { type AuditAct, type AuditEvent, writeAudit } from '../audit/index.ts';
import { partnerApiLimits } from '@milepost/contract/api';
import { CallerError } from '../kernel/index.ts';
import { makeId } from '../registry/index.ts';
import type { Transaction } from '../storage/index.ts';
import { checkText, checkWords } from './check-words.ts';
import { actorOf, announcePartner, appSecretPrefix, idPrefixes, partnersActor, type PartnersContext } from './context.ts';
import type { AppDirectory } from './directory.ts';
import { partnerLimits } from './limits.ts';
import {
  endApp,
  endSecret,
  insertApp,
  insertPurpose,
  insertSecret,
  lockApp,
  readApps,
  readPurpose,
  setAppState,
  setQuota,
  updateApp,
} from './store-apps.ts';
import type { AppEnvironment, AppPurpose, AppSecret, AppWords, Partner, PartnerActor, PartnerApp } from './types.ts';

const secretBytes = 32;
export const secretDigestOf = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

const noApp = (): CallerError => new CallerError('not_found', 'there is no app with this id');

export interface NewApp extends AppWords {
  readonly environment: AppEnvironment;
}

type Detail = Readonly<Record<string, string | number | boolean | null>>;
interface Act {
  readonly act: AuditAct;
  readonly subject?: string;
  readonly detail?: Detail;
}

/** Apps of partners: what they say of themselves, their secrets, and whether the platform lets them in. */
export class PartnerApps {
  readonly #context: PartnersContext;
  readonly #directory: AppDirectory;

  constructor(context: PartnersContext, directory: AppDirectory) {
    this.#context = context;
    this.#directory = directory;
  }

  /** Those of a partner. Who asks is a member, which row-level security sees to once more. */
  list(partner: Partner, personNo: number): Promise<PartnerApp[]> {
    return this.#context.storage.withActor(actorOf(personNo), (tx) => readApps(tx, partner.organisationNo));
  }

  /** Throws `not_found`. */
  async read(partner: Partner, appId: string, personNo: number): Promise<PartnerApp> {
    const app = (await this.list(partner, personNo)).find(({ id }) => id === appId);
    if (!app) throw noApp();
    return app;
  }

  /** Throws `invalid_field`, `already_exists`, `in_use`. */
  async make(partner: Partner, { environment, ...words }: NewApp, by: PartnerActor): Promise<PartnerApp> {
    const { random, clock } = this.#context;
    const checked = this.#check(words, environment);
    const id = makeId(idPrefixes.app, random);
    const state = environment === 'sandbox' ? 'active' : 'waiting';
    const { organisationNo } = partner;
    await this.#act(partner, by, { act: 'app_made', subject: id, detail: { name: checked.name, environment } }, async (tx) => {
      const count = (await readApps(tx, organisationNo)).length;
      if (count >= partnerLimits.appsPerPartnerMax)
        throw new CallerError('in_use', `there are ${count} apps: end one that is not needed`);
      await insertApp(tx, { id, organisationNo, environment, state, ...checked }, clock.now());
    });
    return this.#known(id);
  }

  /** Throws `invalid_field`, `not_found`, `already_exists`. */
  async change(partner: Partner, appId: string, changes: Partial<AppWords>, by: PartnerActor): Promise<PartnerApp> {
    const before = await this.read(partner, appId, by.personNo);
    const detail = { name: changes.name ?? before.name, changed: Object.keys(changes).sort().join(' ') };
    await this.#act(partner, by, { act: 'app_changed', subject: appId, detail }, async (tx) => {
      const app = await this.#lock(tx, before);
      const { name, about, homepage, privacyPage, redirectAddresses, pingAddress, items } = { ...app, ...changes };
      const words = { name, about, homepage, privacyPage, redirectAddresses, pingAddress, items };
      await updateApp(tx, app.appNo, this.#check(words, app.environment));
    });
    return this.#known(appId);
  }

  /** Throws `not_found`. */
  async end(partner: Partner, appId: string, by: PartnerActor): Promise<void> {
    const app = await this.read(partner, appId, by.personNo);
    await this.#act(partner, by, { act: 'app_ended', subject: appId, detail: { name: app.name } }, async (tx) => {
      if (!(await endApp(tx, app.appNo, this.#context.clock.now()))) throw noApp();
    });
  }

  /** Another text becomes the next version. Throws `invalid_field`, `not_found`, `in_use`. */
  async declarePurpose(
    partner: Partner,
    appId: string,
    { purpose, language, terms: text }: Pick<AppPurpose, 'purpose' | 'language' | 'terms'>,
    by: PartnerActor,
  ): Promise<AppPurpose> {
    const terms = checkText('terms', text, partnerApiLimits.termsCharactersMax);
    const app = await this.read(partner, appId, by.personNo);
    let declared: AppPurpose | undefined;
    await this.#act(partner, by, { act: 'app_changed', subject: appId, detail: { name: app.name, purpose } }, async (tx) => {
      const { purposes } = await this.#lock(tx, app);
      const known = purposes.find((one) => one.purpose === purpose);
      if (known?.terms === terms && known.language === language) {
        declared = known;
        return;
      }
      const version = (known?.version ?? 0) + 1;
      const isFull = !known && purposes.length >= partnerLimits.purposesPerAppMax;
      if (isFull || version > partnerLimits.purposeVersionsMax)
        throw new CallerError('in_use', 'this app has as many purposes as it may have');
      declared = { purpose, version, language, terms, declaredMs: this.#context.clock.now() };
      await insertPurpose(tx, app.appNo, declared);
    });
    return declared as AppPurpose;
  }

  /** The text is shown once. Throws `not_found`, `in_use`. */
  async makeSecret(
    partner: Partner,
    appId: string,
    by: PartnerActor,
  ): Promise<{ readonly text: string; readonly secret: AppSecret }> {
    const { random, clock } = this.#context;
    const app = await this.read(partner, appId, by.personNo);
    const text = `${appSecretPrefix}${Buffer.from(random(secretBytes)).toString('base64url')}`;
    const id = makeId(idPrefixes.secret, random);
    const digest = secretDigestOf(text);
    const nowMs = clock.now();
    await this.#act(
      partner,
      by,
      { act: 'app_secret_made', subject: appId, detail: { name: app.name, secret: id } },
      async (tx) => {
        const max = partnerLimits.secretsPerAppMax;
        if (!(await lockApp(tx, app.appNo))) throw noApp();
        if (!(await insertSecret(tx, { digest, id, appNo: app.appNo }, { nowMs, max })))
          throw new CallerError('in_use', `there are ${max} secrets: end the one that is not used any more`);
      },
    );
    return { text, secret: { id, digest: digest.toString('base64'), createdMs: nowMs } };
  }

  /** Throws `not_found`. */
  async endSecret(partner: Partner, appId: string, secretId: string, by: PartnerActor): Promise<void> {
    const app = await this.read(partner, appId, by.personNo);
    const detail = { name: app.name, secret: secretId };
    await this.#act(partner, by, { act: 'app_secret_ended', subject: appId, detail }, async (tx) => {
      if (!(await endSecret(tx, app.appNo, secretId, this.#context.clock.now())))
        throw new CallerError('not_found', 'there is no secret with this id');
    });
  }

  /** The platform's word: `suspendedFor` null lets it in. `personNo`: null is the operator's token. Throws `not_found`. */
  async judge(appId: string, suspendedFor: string | null, personNo: number | null, address: string): Promise<void> {
    const app = this.#known(appId);
    const reason =
      suspendedFor === null ? null : checkText('reason', suspendedFor, partnerApiLimits.suspensionReasonCharactersMax);
    const act = reason === null ? 'partner_approved' : 'partner_suspended';
    const event = { act, personNo, address, detail: reason === null ? {} : { reason } } as const;
    await this.#platformAct(app, event, (tx) => setAppState(tx, app.appNo, reason === null ? 'active' : 'suspended', reason));
  }

  /** How often an app may ask, as the platform says: it counts with its next request. Throws `not_found`. */
  async setQuota(
    { id, app: appId }: { readonly id: string; readonly app: string },
    requestsPerMinute: number,
    personNo: number | null,
    address: string,
  ): Promise<void> {
    const app = this.#known(appId);
    if (app.organisationId !== id) throw noApp();
    const detail = { requestsPerMinute, before: app.requestsPerMinute };
    await this.#platformAct(app, { act: 'app_quota_set', personNo, address, detail }, (tx) =>
      setQuota(tx, app.appNo, requestsPerMinute),
    );
  }

  /** `run` answers false: the app has ended meanwhile. */
  async #platformAct(
    app: PartnerApp,
    { detail, ...event }: Pick<AuditEvent, 'act' | 'personNo' | 'address'> & { readonly detail: Detail },
    run: (tx: Transaction) => Promise<boolean>,
  ): Promise<void> {
    const { storage, clock } = this.#context;
    await storage.withActor(partnersActor, async (tx) => {
      if (!(await run(tx))) throw noApp();
      const named = { name: app.name, partner: app.organisationName, ...detail };
      await writeAudit(tx, { ...event, subject: app.id, detail: named }, clock.now());
      await announcePartner(tx, app.organisationNo);
    });
    await this.#directory.read(app.organisationNo);
  }

  /** A purpose as it was when somebody answered. */
  readPurpose(appId: string, purpose: string, version: number): Promise<AppPurpose | undefined> {
    return this.#context.storage.withActor(partnersActor, (tx) => readPurpose(tx, appId, purpose, version));
  }

  /** As it is now: what somebody else changed since it was read stays. */
  async #lock(tx: Transaction, app: PartnerApp): Promise<PartnerApp> {
    if (!(await lockApp(tx, app.appNo))) throw noApp();
    return (await readApps(tx, app.organisationNo)).find(({ id }) => id === app.id) ?? app;
  }

  #check(words: AppWords, environment: AppEnvironment): AppWords {
    const { vocabulary, isDemo = false } = this.#context;
    return checkWords(words, environment === 'sandbox' || isDemo, vocabulary());
  }

  #known(appId: string): PartnerApp {
    const app = this.#directory.find(appId);
    if (!app) throw noApp();
    return app;
  }

  /** As the person: a change, what the audit log says of it, and what other processes are told. All or nothing. */
  async #act(
    partner: Partner,
    { personNo, address }: PartnerActor,
    { act, subject = '', detail = {} }: Act,
    run: (tx: Transaction) => Promise<void>,
  ): Promise<void> {
    const { storage, clock } = this.#context;
    await storage.withActor(actorOf(personNo), async (tx) => {
      await run(tx);
      await writeAudit(
        tx,
        { act, personNo, subject, subjectPersonNo: personNo, address, detail: { ...detail, partner: partner.name } },
        clock.now(),
      );
      await announcePartner(tx, partner.organisationNo);
    });
    await this.#directory.read(partner.organisationNo);
  }
}
