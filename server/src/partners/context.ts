import type { Vocabulary } from '@milepost/contract';
import { sql } from 'kysely';
import type { Clock, Logger } from '../kernel/index.ts';
import type { Random } from '../registry/index.ts';
import { type Actor, type Storage, systemActor, type Transaction } from '../storage/index.ts';

/** What the parts of this domain share. */
export interface PartnersContext {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly vocabulary: () => Vocabulary;
  /** In a demo live apps, too, have addresses of this machine. */
  readonly isDemo?: boolean;
}

/** Ids outside begin with what they are of. */
export const idPrefixes = { organisation: 'org_', app: 'app_', secret: 'sec_' } as const;

/** So that secret scanners know one when they see it. */
export const appSecretPrefix = 'mps_';

export const partnersActor = systemActor('partners');

/** Rows of a partner are reached as the person who acts for it: row-level security lets through nothing of others. */
export const actorOf = (personNo: number): Actor => ({ kind: 'person', id: String(personNo) });

export const partnersChannel = 'milepost_partners';

/** Tells every process, with the commit, that apps of this organisation have changed. */
export const announcePartner = async (tx: Transaction, organisationNo: number): Promise<void> => {
  await sql`select pg_notify(${partnersChannel}, ${String(organisationNo)})`.execute(tx);
};
