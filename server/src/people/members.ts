import { type OrganisationKind, type Role, rolesOf } from '@milepost/contract/api';
import { type AuditAct, writeAudit } from '../audit/index.ts';
import { CallerError, invalidField } from '../kernel/index.ts';
import type { Transaction } from '../storage/index.ts';
import { announcePeople, checkEmail, type Links, peopleActor, type PeopleContext } from './context.ts';
import { peopleLimits } from './limits.ts';
import type { Sessions } from './sessions.ts';
import {
  deleteMember,
  invitationTo,
  listMembers,
  listOrganisations,
  type MemberRecord,
  type OrganisationQuery,
  type OrganisationRecord,
  readOrganisation,
} from './store-members.ts';
import { lockOrganisation, putMember, readSecrets } from './store-people.ts';
import type { Person, Whence } from './types.ts';

/** Who changes a membership. */
export interface ActingMember {
  /** null: the bearer of the operator token. */
  readonly personNo: number | null;
  readonly from: Whence;
}

const notFound = (what: string): CallerError => new CallerError('not_found', `there is no such ${what}`);

const checkRole = ({ kind }: OrganisationRecord, role: Role): Role => {
  const allowed: readonly Role[] = rolesOf[kind];
  if (!allowed.includes(role)) throw invalidField('role', role, `one of ${allowed.join(', ')}`);
  return role;
};

/** Somebody who is not suspended has this role there, whatever happens. */
const neededRoles: Readonly<Partial<Record<OrganisationKind, Role>>> = { platform: 'operator', partner: 'administrator' };

/** Organisations and who belongs to them. Who may ask is for the caller to know. */
export class Members {
  readonly #context: PeopleContext;
  readonly #sessions: Sessions;
  readonly #links: Links;

  constructor(context: PeopleContext, sessions: Sessions, links: Links) {
    this.#context = context;
    this.#sessions = sessions;
    this.#links = links;
  }

  organisations(query: OrganisationQuery): Promise<OrganisationRecord[]> {
    return this.#context.storage.withActor(peopleActor, (tx) => listOrganisations(tx, query));
  }

  /** Throws `not_found`. */
  organisation(id: string): Promise<OrganisationRecord> {
    return this.#context.storage.withActor(peopleActor, (tx) => this.#organisation(tx, id));
  }

  list({ organisationNo }: OrganisationRecord): Promise<MemberRecord[]> {
    return this.#context.storage.withActor(peopleActor, (tx) => listMembers(tx, organisationNo));
  }

  /** Who has an account is a member at once, and told so; anybody else gets a link. Throws `invalid_field`, `already_exists`, `too_many_requests`. */
  async add(id: string, address: string, role: Role, by: ActingMember): Promise<'added' | 'invited'> {
    const email = checkEmail('email', address);
    const { storage } = this.#context;
    this.#links.count(by.from, email);
    const { organisation, person } = await storage.withActor(peopleActor, async (tx) => ({
      organisation: await this.#organisation(tx, id),
      person: (await readSecrets(tx, email))?.person,
    }));
    checkRole(organisation, role);
    if (organisation.isPrivate) throw invalidField('id', id, 'an organisation that has members');
    if (!person) {
      const code = { purpose: 'sign_up', personNo: null, email, detail: invitationTo(organisation, role) } as const;
      await this.#links.send({ code, kind: 'join', page: '/sign-up', language: null, what: organisation.name });
      return 'invited';
    }
    await this.#put(organisation, person, role, by);
    const words = { kind: 'join', page: '/', language: person.language, name: person.name, what: organisation.name } as const;
    await this.#links.tell(words, email).catch((error: unknown) => {
      this.#context.logger.warn('a new member could not be told', { error });
    });
    return 'added';
  }

  /** Throws `not_found`, `in_use` for the last operator of the platform, or administrator of a partner. */
  async change(id: string, personId: string, role: Role, by: ActingMember): Promise<void> {
    await this.#edit(id, personId, by, 'member_changed', async (tx, organisation, { personNo }) => {
      checkRole(organisation, role);
      await putMember(tx, { organisationNo: organisation.organisationNo, personNo, role }, this.#context.clock.now());
      return role;
    });
  }

  async remove(id: string, personId: string, by: ActingMember): Promise<void> {
    await this.#edit(id, personId, by, 'member_removed', async (tx, { organisationNo }, { personNo, role }) => {
      await deleteMember(tx, organisationNo, personNo);
      return role;
    });
  }

  async #organisation(tx: Transaction, id: string): Promise<OrganisationRecord> {
    const organisation = await readOrganisation(tx, id);
    if (!organisation) throw notFound('organisation');
    return organisation;
  }

  async #put(organisation: OrganisationRecord, person: Person, role: Role, by: ActingMember): Promise<void> {
    const { storage, clock } = this.#context;
    const { organisationNo } = organisation;
    await storage.withActor(peopleActor, async (tx) => {
      await lockOrganisation(tx, organisationNo);
      const members = await listMembers(tx, organisationNo);
      if (members.some(({ personNo }) => personNo === person.personNo))
        throw new CallerError('already_exists', 'this person is a member already', { field: 'email', value: person.email });
      if (members.length >= peopleLimits.membersMax)
        throw invalidField('email', person.email, `at most ${peopleLimits.membersMax} members`);
      await putMember(tx, { organisationNo, personNo: person.personNo, role }, clock.now());
      await this.#note(tx, 'member_added', organisation, { personNo: person.personNo, personId: person.id }, role, by);
    });
    this.#sessions.remembered.forget([person.personNo]);
  }

  async #edit(
    id: string,
    personId: string,
    by: ActingMember,
    act: AuditAct,
    run: (tx: Transaction, organisation: OrganisationRecord, member: MemberRecord) => Promise<Role>,
  ): Promise<void> {
    const personNo = await this.#context.storage.withActor(peopleActor, async (tx) => {
      const organisation = await this.#organisation(tx, id);
      await lockOrganisation(tx, organisation.organisationNo);
      const member = (await listMembers(tx, organisation.organisationNo)).find((one) => one.personId === personId);
      if (!member) throw notFound('member');
      const role = await run(tx, organisation, member);
      const left = await listMembers(tx, organisation.organisationNo);
      const needed = neededRoles[organisation.kind];
      if (needed !== undefined && member.role === needed && !left.some((one) => one.role === needed && !one.isSuspended))
        throw new CallerError('in_use', `this is the last ${needed} of ${organisation.name}: make another one first`);
      await this.#note(tx, act, organisation, member, role, by);
      return member.personNo;
    });
    this.#sessions.remembered.forget([personNo]);
  }

  async #note(
    tx: Transaction,
    act: AuditAct,
    { id }: OrganisationRecord,
    member: Pick<MemberRecord, 'personNo' | 'personId'>,
    role: Role,
    { personNo, from }: ActingMember,
  ): Promise<void> {
    const whom = { subject: member.personId, subjectPersonNo: member.personNo };
    const event = { act, personNo, address: from.address, ...whom, detail: { role, organisation: id } };
    await writeAudit(tx, event, this.#context.clock.now());
    await announcePeople(tx, [member.personNo]);
  }
}
