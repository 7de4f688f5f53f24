import { OperationalError } from '../kernel/index.ts';

/** Owns the tables and changes them; never used to serve. */
export const migratorRole = 'milepost_migrator';
/** Serves requests; row-level security is forced on it. */
export const appRole = 'milepost_app';
/** Background jobs. */
export const workerRole = 'milepost_worker';
const roles = [migratorRole, appRole, workerRole] as const;

/** What of a driver's client is needed here. */
export interface SqlSession {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
}

/** Arbitrary, fixed: one server at a time prepares roles and migrates. */
const preparationLock = 7_101_968_001;

const adviceFor = (user: string, database: string): string =>
  [
    ...roles.map((role) => `create role ${role} nologin;`),
    `grant ${roles.join(', ')} to "${user}";`,
    `grant create on database "${database}" to ${migratorRole};`,
  ].join(' ');

const missingRoles = async (session: SqlSession): Promise<string[]> => {
  const { rows } = await session.query('select rolname from pg_roles where rolname = any($1)', [roles]);
  const present = new Set(rows.map((row) => row['rolname']));
  return roles.filter((role) => !present.has(role));
};

/** Since version 16 a membership says whether its rights are inherited and whether SET ROLE is allowed. */
const hasMembershipOptions = async (session: SqlSession): Promise<boolean> => {
  const { rows } = await session.query("select current_setting('server_version_num')::int as version");
  return Number(rows[0]?.['version']) >= 160_000;
};

const canSetRole = async (session: SqlSession, role: string, privilege: 'SET' | 'MEMBER'): Promise<boolean> => {
  const { rows } = await session.query('select pg_has_role(current_user, $1, $2) as can', [role, privilege]);
  return rows[0]?.['can'] === true;
};

/** The login can become each role and, where that can be said, has none of their rights by itself. */
const makeRoles = async (session: SqlSession, database: string): Promise<void> => {
  for (const role of await missingRoles(session)) await session.query(`create role ${role} nologin`);
  const hasOptions = await hasMembershipOptions(session);
  for (const role of roles) {
    if (await canSetRole(session, role, hasOptions ? 'SET' : 'MEMBER')) continue;
    await session.query(`grant ${role} to current_user${hasOptions ? ' with inherit false, set true' : ''}`);
  }
  const { rows } = await session.query("select has_database_privilege($1, $2, 'CREATE') as can", [migratorRole, database]);
  if (rows[0]?.['can'] !== true)
    await session.query(`grant create on database "${database.replaceAll('"', '""')}" to ${migratorRole}`);
};

/** A role that bypasses row-level security, or one that is a superuser, would make every policy idle. */
const checkNoBypass = async (session: SqlSession): Promise<void> => {
  const { rows } = await session.query('select rolname from pg_roles where rolname = any($1) and (rolsuper or rolbypassrls)', [
    [appRole, workerRole],
  ]);
  if (rows.length === 0) return;
  const names = rows.map((row) => row['rolname']).join(', ');
  throw new OperationalError('unavailable', `${names} bypasses row-level security: alter role ${names} nosuperuser nobypassrls`);
};

/** Makes the roles where they are missing and the login may; otherwise says what an administrator has to run. */
export const prepareRoles = async (session: SqlSession, user: string, database: string): Promise<void> => {
  await session.query('begin');
  try {
    await session.query('select pg_advisory_xact_lock($1)', [preparationLock]);
    await makeRoles(session, database);
    await session.query('commit');
  } catch (cause) {
    await session.query('rollback');
    if ((cause as { code?: unknown }).code !== '42501') throw cause;
    throw new OperationalError(
      'unavailable',
      `the database role ${user} may not make what is needed. Let an administrator run: ${adviceFor(user, database)}`,
      {
        cause,
      },
    );
  }
  await checkNoBypass(session);
};
