import { sql } from 'kysely';
import { CallerError } from '../kernel/index.ts';
import { type Transaction, uniqueViolation } from '../storage/index.ts';
import type { AppEnvironment, AppPurpose, AppSecret, AppState, AppWords, PartnerApp } from './types.ts';

const at = (ms: number): string => new Date(ms).toISOString();
const msOf = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);

interface AppRow extends Omit<PartnerApp, 'purposes' | 'secrets'> {
  readonly purposes: readonly AppPurpose[] | null;
  readonly secrets: readonly AppSecret[] | null;
}

/** All apps that have not ended, or those of one organisation. Row-level security leaves out what is not the actor's. */
export const readApps = async (tx: Transaction, organisationNo: number | null): Promise<PartnerApp[]> => {
  const { rows } =
    await sql<AppRow>`select a.app_no as "appNo", a.id, a.organisation_no as "organisationNo", o.id as "organisationId",
      o.name as "organisationName", a.name, a.about, a.homepage, a.privacy_page as "privacyPage", a.environment, a.state,
      a.suspended_for as "suspendedFor", a.redirect_addresses as "redirectAddresses", a.ping_address as "pingAddress", a.items,
      a.requests_per_minute as "requestsPerMinute", ${msOf('a.created_at')} as "createdMs",
      (select jsonb_agg(jsonb_build_object('purpose', p.purpose, 'version', p.version, 'language', p.language, 'terms', p.terms,
          'declaredMs', extract(epoch from p.declared_at) * 1000) order by p.purpose)
        from (select distinct on (purpose) * from app_purposes where app_no = a.app_no order by purpose, version desc) p) as purposes,
      (select jsonb_agg(jsonb_build_object('id', s.id, 'digest', encode(s.digest, 'base64'),
          'createdMs', extract(epoch from s.created_at) * 1000) order by s.created_at)
        from app_secrets s where s.app_no = a.app_no and s.ended_at is null) as secrets
    from partner_apps a join organisations o using (organisation_no)
    where a.ended_at is null and o.ended_at is null and (${organisationNo}::int is null or a.organisation_no = ${organisationNo})
    order by a.app_no`.execute(tx);
  return rows.map((row) => ({ ...row, purposes: row.purposes ?? [], secrets: row.secrets ?? [] }));
};

export interface NewAppRow extends AppWords {
  readonly id: string;
  readonly organisationNo: number;
  readonly environment: AppEnvironment;
  readonly state: AppState;
}

const nameTaken = (error: unknown, name: string): unknown =>
  uniqueViolation(error) === 'partner_apps_name'
    ? new CallerError('already_exists', `there is an app named ${name}`, { field: 'name', value: name })
    : error;

/** Throws `already_exists` for a name that another of its apps has. */
export const insertApp = async (tx: Transaction, app: NewAppRow, nowMs: number): Promise<void> => {
  const { id, organisationNo, environment, state, name, about, homepage, privacyPage, redirectAddresses, pingAddress } = app;
  try {
    await sql`insert into partner_apps (id, organisation_no, name, about, homepage, privacy_page, environment, state, redirect_addresses,
        ping_address, items, created_at)
      values (${id}, ${organisationNo}, ${name}, ${about}, ${homepage}, ${privacyPage}, ${environment}, ${state}, ${[...redirectAddresses]},
        ${pingAddress}, ${JSON.stringify(app.items)}::jsonb, ${at(nowMs)})`.execute(tx);
  } catch (error) {
    throw nameTaken(error, name);
  }
};

/** Throws `already_exists`. */
export const updateApp = async (tx: Transaction, appNo: number, words: AppWords): Promise<void> => {
  const { name, about, homepage, privacyPage, redirectAddresses, pingAddress, items } = words;
  try {
    await sql`update partner_apps set name = ${name}, about = ${about}, homepage = ${homepage}, privacy_page = ${privacyPage},
      redirect_addresses = ${[...redirectAddresses]}, ping_address = ${pingAddress}, items = ${JSON.stringify(items)}::jsonb
      where app_no = ${appNo} and ended_at is null`.execute(tx);
  } catch (error) {
    throw nameTaken(error, name);
  }
};

/** False: it has ended meanwhile. */
export const setAppState = async (
  tx: Transaction,
  appNo: number,
  state: AppState,
  suspendedFor: string | null,
): Promise<boolean> => {
  const { rows } = await sql`update partner_apps set state = ${state}, suspended_for = ${suspendedFor}
    where app_no = ${appNo} and ended_at is null returning 1`.execute(tx);
  return rows.length === 1;
};

/** False: it has ended meanwhile. */
export const setQuota = async (tx: Transaction, appNo: number, requestsPerMinute: number): Promise<boolean> => {
  const { rows } = await sql`update partner_apps set requests_per_minute = ${requestsPerMinute}
    where app_no = ${appNo} and ended_at is null returning 1`.execute(tx);
  return rows.length === 1;
};

/** With its secrets. False: it has ended before. */
export const endApp = async (tx: Transaction, appNo: number, nowMs: number): Promise<boolean> => {
  const { rows } = await sql`update partner_apps set ended_at = ${at(nowMs)} where app_no = ${appNo} and ended_at is null
    returning 1`.execute(tx);
  await sql`update app_secrets set ended_at = ${at(nowMs)} where app_no = ${appNo} and ended_at is null`.execute(tx);
  return rows.length === 1;
};

/** One change of an app after the other: what is counted holds until the transaction ends. */
export const lockApp = async (tx: Transaction, appNo: number): Promise<boolean> => {
  const { rows } = await sql`select 1 from partner_apps where app_no = ${appNo} and ended_at is null for update`.execute(tx);
  return rows.length === 1;
};

export const insertPurpose = async (tx: Transaction, appNo: number, purpose: AppPurpose): Promise<void> => {
  const { version, language, terms, declaredMs } = purpose;
  await sql`insert into app_purposes (app_no, purpose, version, language, terms, declared_at)
    values (${appNo}, ${purpose.purpose}, ${version}, ${language}, ${terms}, ${at(declaredMs)})`.execute(tx);
};

/** What an owner read when the answer was given. */
export const readPurpose = async (
  tx: Transaction,
  appId: string,
  purpose: string,
  version: number,
): Promise<AppPurpose | undefined> => {
  const { rows } =
    await sql<AppPurpose>`select p.purpose, p.version, p.language, p.terms, ${msOf('p.declared_at')} as "declaredMs"
    from app_purposes p join partner_apps a using (app_no) where a.id = ${appId} and p.purpose = ${purpose} and p.version = ${version}`.execute(
      tx,
    );
  return rows[0];
};

export interface NewSecretRow {
  readonly digest: Uint8Array;
  readonly id: string;
  readonly appNo: number;
}

/** False: there are as many as may live at a time. The app is locked. */
export const insertSecret = async (
  tx: Transaction,
  { digest, id, appNo }: NewSecretRow,
  { nowMs, max }: { readonly nowMs: number; readonly max: number },
): Promise<boolean> => {
  const { rows } =
    await sql`insert into app_secrets (digest, id, app_no, created_at) select ${digest}, ${id}, ${appNo}, ${at(nowMs)}
    where (select count(*) from app_secrets where app_no = ${appNo} and ended_at is null) < ${max} returning 1`.execute(tx);
  return rows.length === 1;
};

/** False: there is none, or it has ended before. */
export const endSecret = async (tx: Transaction, appNo: number, id: string, nowMs: number): Promise<boolean> => {
  const { rows } = await sql`update app_secrets set ended_at = ${at(nowMs)}
    where app_no = ${appNo} and id = ${id} and ended_at is null returning 1`.execute(tx);
  return rows.length === 1;
};
