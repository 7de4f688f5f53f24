import { writeAudit } from '../audit/index.ts';
import { CallerError } from '../kernel/index.ts';
import { announcePeople } from '../people/index.ts';
import { makeId } from '../registry/index.ts';
import { checkLine } from './check-words.ts';
import { idPrefixes, partnersActor, type PartnersContext } from './context.ts';
import { partnerLimits } from './limits.ts';
import { countPartners, insertPartner, putMember, readOwnPartner } from './store-organisations.ts';
import type { OwnPartner, PartnerActor } from './types.ts';

/** Of who is no member it is as if it were not there. */
export const noPartner = (): CallerError => new CallerError('not_found', 'you are a member of no partner with this id');

/** Organisations of kind partner, and who acts for them. Its members are kept with those of all organisations (`people`). */
export class PartnerOrganisations {
  readonly #context: PartnersContext;

  constructor(context: PartnersContext) {
    this.#context = context;
  }

  /** Who makes it becomes its administrator. Throws `invalid_field`, `already_exists`, `in_use`. */
  make(name: string, by: PartnerActor): Promise<OwnPartner> {
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
      return { ...partner, role: 'administrator' };
    });
  }

  /** Throws `not_found` for who is no member. */
  read(organisationId: string, personNo: number): Promise<OwnPartner> {
    return this.#context.storage.withActor(partnersActor, async (tx) => {
      const partner = await readOwnPartner(tx, organisationId, personNo);
      if (!partner) throw noPartner();
      return partner;
    });
  }

  #by({ personNo, address }: PartnerActor) {
    return { personNo, address } as const;
  }
}
