import { writeAudit } from '../audit/index.ts';
import { CallerError } from '../kernel/index.ts';
import { announcePeople } from '../people/index.ts';
import { makeId } from '../registry/index.ts';
import type { Transaction } from '../storage/index.ts';
import { checkLine } from './check-words.ts';
import { idPrefixes, partnersActor, type PartnersContext } from './context.ts';
import { partnerLimits } from './limits.ts';
import { countPartners, deleteMember, insertPartner, lockPartner, putMember, readMembers } from './store-organisations.ts';
import type { Partner, PartnerActor, PartnerMember, PartnerRole } from './types.ts';

/** Of who is no member it is as if it were not there. */
export const noPartner = (): CallerError => new CallerError('not_found', 'you are a member of no partner with this id');

export interface PartnerWithMembers extends Partner {
  readonly role: PartnerRole;
  readonly members: readonly PartnerMember[];
}

/** Organisations of kind partner, and who may act for them. */
export class PartnerOrganisations {
  readonly #context: PartnersContext;

  constructor(context: PartnersContext) {
    this.#context = context;
  }

  /** Who makes it becomes its administrator. Throws `invalid_field`, `already_exists`, `in_use`. */
  make(name: string, by: PartnerActor): Promise<PartnerWithMembers> {
    const { storage, clock, random } = this.#context;
    const checked = checkLine('name', name, 200);
    return storage.withActor(partnersActor, async (tx) => {
      const nowMs = clock.now();
      const { own, all } = await countPartners(tx, by.personNo);
      if (own >= partnerLimits.partnersPerPersonMax || all >= partnerLimits.partnersMax)
        throw new CallerError('in_use', 'there are as many partners as may be');
      const partner = await insertPartner(tx, makeId(idPrefixes.organisation, random), checked, nowMs);
      await putMember(tx, { organisationNo: partner.organisationNo, personNo: by.personNo, role: 'administrator' }, nowMs);
      await writeAudit(tx, { act: 'organisation_made', ...this.#by(by), subject: partner.id, detail: { name: checked } }, nowMs);
      await announcePeople(tx, [by.personNo]);
      return { ...partner, role: 'administrator', members: await readMembers(tx, partner.organisationNo) };
    });
  }

  /** Throws `not_found` for who is no member. */
  read(organisationId: string, personNo: number): Promise<PartnerWithMembers> {
    return this.#context.storage.withActor(partnersActor, (tx) => this.#readFor(tx, organisationId, personNo));
  }

  /** Throws `not_found`, `forbidden`, `in_use` for the last administrator. */
  changeMember(organisationId: string, memberId: string, role: PartnerRole, by: PartnerActor): Promise<void> {
    return this.#changeMembers(organisationId, memberId, by, role, async (tx, { organisationNo }, { personNo, createdMs }) => {
      await putMember(tx, { organisationNo, personNo, role }, createdMs);
    });
  }

  /** An administrator anybody, a member themselves. Throws `not_found`, `forbidden`, `in_use` for the last administrator. */
  removeMember(organisationId: string, memberId: string, by: PartnerActor): Promise<void> {
    return this.#changeMembers(organisationId, memberId, by, null, (tx, { organisationNo }, { personNo }) =>
      deleteMember(tx, organisationNo, personNo),
    );
  }

  async #changeMembers(
    organisationId: string,
    memberId: string,
    by: PartnerActor,
    role: PartnerRole | null,
    change: (tx: Transaction, partner: PartnerWithMembers, member: PartnerMember) => Promise<void>,
  ): Promise<void> {
    const { storage, clock } = this.#context;
    await storage.withActor(partnersActor, async (tx) => {
      const partner = await this.#readFor(tx, organisationId, by.personNo);
      const member = partner.members.find(({ id }) => id === memberId);
      if (!member) throw new CallerError('not_found', 'there is no member with this id');
      const isOwn = member.personNo === by.personNo;
      if (partner.role !== 'administrator' && !(isOwn && role === null))
        throw new CallerError('forbidden', 'only an administrator of the partner changes its members');
      const administrators = partner.members.filter((one) => one.role === 'administrator');
      if (member.role === 'administrator' && role !== 'administrator' && administrators.length === 1)
        throw new CallerError('in_use', 'a partner keeps at least one administrator');
      await change(tx, partner, member);
      const act = role === null ? 'member_removed' : 'member_changed';
      const detail = { partner: partner.name, ...(role === null ? {} : { role }) };
      await writeAudit(tx, { act, ...this.#by(by), subject: partner.id, subjectPersonNo: member.personNo, detail }, clock.now());
      await announcePeople(tx, [member.personNo]);
    });
  }

  async #readFor(tx: Transaction, organisationId: string, personNo: number): Promise<PartnerWithMembers> {
    const partner = await lockPartner(tx, organisationId);
    const members = partner ? await readMembers(tx, partner.organisationNo) : [];
    const own = members.find((member) => member.personNo === personNo);
    if (!partner || !own) throw noPartner();
    return { ...partner, role: own.role, members };
  }

  #by({ personNo, address }: PartnerActor) {
    return { personNo, address } as const;
  }
}
