import { type AuditQuery, type AuditRecord, listAudit, writeAudit } from '../audit/index.ts';
import { CallerError } from '../kernel/index.ts';
import { type Actor, systemActor, type Transaction } from '../storage/index.ts';
import { announcePeople, peopleActor, type PeopleContext } from './context.ts';
import type { ActingMember } from './members.ts';
import type { Sessions } from './sessions.ts';
import {
  endAllAccess,
  listPeople,
  lockPerson,
  type ManagedPerson,
  type PeopleQuery,
  readNames,
  readPersonNo,
  setSuspension,
  type SuspendablePerson,
} from './store-managed.ts';
import { countMembers, lockOrganisation, readPlatform } from './store-people.ts';

export interface NamedPerson {
  readonly id: string;
  readonly name: string;
}

/** An entry of the audit log with the people in it by name. */
export interface AuditEntry extends AuditRecord {
  readonly by: NamedPerson | null;
  readonly about: NamedPerson | null;
}

/** Whose log is asked for. */
export interface AuditAsk extends Omit<AuditQuery, 'subjectPersonNo' | 'aboutPersonNo' | 'actorPersonNo'> {
  /** Who asks, who is not of the staff: row-level security leaves them what is theirs to see. null: the platform's staff. */
  readonly readerNo: number | null;
  /** Id of a person, `nobody`, or undefined. */
  readonly actorId: string | undefined;
}

/** What operators do with accounts, and the audit log of all. Who may ask is for the caller to know. */
export class Management {
  readonly #context: PeopleContext;
  readonly #sessions: Sessions;

  constructor(context: PeopleContext, sessions: Sessions) {
    this.#context = context;
    this.#sessions = sessions;
  }

  list(query: PeopleQuery): Promise<ManagedPerson[]> {
    const { storage, clock } = this.#context;
    return storage.withActor(peopleActor, (tx) => listPeople(tx, query, clock.now()));
  }

  /** Ends what is signed in, and lets nobody in by any means. Throws `not_found`, `in_use` for oneself and the last operator. */
  suspend(id: string, reason: string, by: ActingMember): Promise<void> {
    return this.#change(id, by, async (tx, person) => {
      if (person.personNo === by.personNo) throw new CallerError('in_use', 'nobody suspends their own account');
      const nowMs = this.#context.clock.now();
      if (person.isOperator) await this.#keepAnOperator(tx);
      await setSuspension(tx, person.personNo, reason, nowMs);
      await endAllAccess(tx, person.personNo, nowMs);
      return { act: 'person_suspended', detail: { reason } } as const;
    });
  }

  /** Throws `not_found`. */
  endSuspension(id: string, by: ActingMember): Promise<void> {
    return this.#change(id, by, async (tx, person) => {
      if (!person.isSuspended) return undefined;
      await setSuspension(tx, person.personNo, null, this.#context.clock.now());
      return { act: 'person_let_in', detail: {} } as const;
    });
  }

  async #keepAnOperator(tx: Transaction): Promise<void> {
    const { organisationNo } = await readPlatform(tx);
    await lockOrganisation(tx, organisationNo);
    if ((await countMembers(tx, organisationNo, 'operator')) < 2)
      throw new CallerError('in_use', 'this is the last operator of the platform: make another one first');
  }

  async #change(
    id: string,
    { personNo: byNo, from }: ActingMember,
    run: (
      tx: Transaction,
      person: SuspendablePerson,
    ) => Promise<
      { readonly act: 'person_suspended' | 'person_let_in'; readonly detail: Readonly<Record<string, string>> } | undefined
    >,
  ): Promise<void> {
    const { storage, clock } = this.#context;
    const changed = await storage.withActor(peopleActor, async (tx) => {
      const person = await lockPerson(tx, id);
      if (!person) throw new CallerError('not_found', 'there is no such person');
      const event = await run(tx, person);
      if (!event) return undefined;
      const whom = { personNo: byNo, subject: id, subjectPersonNo: person.personNo, address: from.address };
      await writeAudit(tx, { ...event, ...whom }, clock.now());
      await announcePeople(tx, [person.personNo]);
      return person.personNo;
    });
    if (changed !== undefined) this.#sessions.remembered.forget([changed]);
  }

  /** Newest first. */
  async audit({ readerNo, actorId, ...query }: AuditAsk): Promise<AuditEntry[]> {
    const { storage } = this.#context;
    const reader: Actor = readerNo === null ? systemActor('audit') : { kind: 'person', id: String(readerNo) };
    const idOf = (id: string): Promise<number | undefined> => storage.withActor(peopleActor, (tx) => readPersonNo(tx, id));
    const isNobody = actorId === 'nobody';
    const actorNo = actorId === undefined || isNobody ? undefined : await idOf(actorId);
    if (actorId !== undefined && !isNobody && actorNo === undefined) return [];
    const aboutPersonNo = query.subject === undefined ? undefined : await idOf(query.subject);
    const found = await storage.withActor(reader, (tx) =>
      listAudit(tx, { ...query, subjectPersonNo: null, aboutPersonNo, actorPersonNo: isNobody ? null : actorNo }),
    );
    const nos = new Set(found.flatMap((one) => [one.actorPersonNo ?? 0, one.subjectPersonNo ?? 0]));
    const names = await storage.withActor(peopleActor, (tx) => readNames(tx, [...nos]));
    const byNo = new Map(names.map(({ personNo, id, name }) => [personNo, { id, name }]));
    return found.map((one) => ({
      ...one,
      by: byNo.get(one.actorPersonNo ?? 0) ?? null,
      about: byNo.get(one.subjectPersonNo ?? 0) ?? null,
    }));
  }
}
