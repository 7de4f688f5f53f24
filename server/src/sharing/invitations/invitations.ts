import { createHash } from 'node:crypto';
import { type AuditAct, writeAudit } from '../../audit/index.ts';
import { CallerError, type Clock, invalidField } from '../../kernel/index.ts';
import { makeId, type Random } from '../../registry/index.ts';
import { type Storage, systemActor, type Transaction } from '../../storage/index.ts';
import { checkReach, mayActFor } from '../grants/checks.ts';
import type { Consents, HolderSource } from '../grants/open-consents.ts';
import type { StoredGrant } from '../grants/stored.ts';
import { type Granter, isSameHolder } from '../grants/types.ts';
import { invitationLimits } from './limits.ts';
import * as store from './store.ts';
import type { Invitation, InvitationMailer, Invited, NewInvitation } from './types.ts';

export interface InvitationsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly possession: HolderSource;
  readonly consents: Pick<Consents, 'checkItems' | 'giveAsInvited'>;
  readonly mailer: InvitationMailer;
}

const system = systemActor('invitations');
const dayMs = 86_400_000;
const codeBytes = 32;
const idPrefix = 'inv_';
/** Purpose of the grants that come of it, and the version of the words that both sides read. */
export const driverPurpose = { purpose: 'driver', version: '1' } as const;
const emailPattern = /^[^\s@<>()",;:\\[\]]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}$/;

const digestOf = (code: string): Buffer => createHash('sha256').update(code, 'utf8').digest();
const gone = (): CallerError => new CallerError('link_used', 'this invitation was answered, was taken back, or is too old');

/** Throws `invalid_field`. */
const checkEmail = (text: string): string => {
  const email = text.trim().toLowerCase();
  if (email.length > 254 || !emailPattern.test(email)) throw invalidField('email', text.slice(0, 254), 'an e-mail address');
  return email;
};

/**
 * Holders invite people by e-mail to see something of a vehicle. Whether an address has an account is told to nobody: the mail, the work and the
 * answer are the same. Throws CallerError with closed codes.
 */
export class Invitations {
  readonly #options: InvitationsOptions;

  constructor(options: InvitationsOptions) {
    this.#options = options;
  }

  /** One mail for all of the vehicles. `from`: what the holder is called there. Throws `invalid_field`, `not_found`, `too_many_requests`, `unavailable`. */
  async invite(wanted: NewInvitation, by: Granter & { readonly email: string }, from: string): Promise<readonly Invitation[]> {
    const { storage, clock, random, consents, mailer } = this.#options;
    const email = checkEmail(wanted.email);
    if (email === by.email) throw invalidField('email', email, 'an address that is not your own');
    const items = consents.checkItems(wanted.items);
    const nowMs = clock.now();
    checkReach(wanted.untilMs, wanted.backDays, nowMs);
    if (wanted.untilMs !== null && wanted.untilMs <= nowMs) throw invalidField('until', wanted.untilMs, 'a time after now');
    mailer.count(by.address, email);
    const code = Buffer.from(random(codeBytes)).toString('base64url');
    const { untilMs, backDays } = wanted;
    const expiresMs = Math.min(nowMs + invitationLimits.lifetimeDays * dayMs, untilMs ?? Number.POSITIVE_INFINITY);
    const same = { digest: digestOf(code), invitedBy: by.personNo, answer: by.answer, email, items, untilMs, backDays };
    const made = await storage.withActor(system, async (tx) => {
      await this.#checkLimits(tx, by.personNo, wanted.vehicleNos.length, nowMs);
      const rows: Invitation[] = [];
      for (const vehicleNo of new Set(wanted.vehicleNos)) {
        const holder = this.#options.possession.holderNow(vehicleNo);
        if (!holder || !mayActFor(holder, by)) throw new CallerError('not_found', 'there is no such vehicle');
        await store.withdrawSame(tx, vehicleNo, email, nowMs);
        const row = { ...same, id: makeId(idPrefix, random), holder, vehicleNo, createdMs: nowMs, expiresMs };
        const invitation = await store.insertInvitation(tx, row);
        await this.#audit(tx, 'driver_invited', invitation, by.personNo, by.address);
        rows.push(invitation);
      }
      return rows;
    });
    await mailer.send({ email, code, from, language: by.answer.language, days: invitationLimits.lifetimeDays });
    return made;
  }

  async #checkLimits(tx: Transaction, personNo: number, more: number, nowMs: number): Promise<void> {
    const { waiting, today } = await store.countInvitations(tx, personNo, nowMs);
    if (waiting + more > invitationLimits.waitingMax || today >= invitationLimits.perDayMax)
      throw new CallerError('too_many_requests', 'too many invitations wait for an answer, or were sent today', {
        retryAfterSeconds: 3600,
      });
  }

  /** Those of a holder that wait for an answer. */
  async sent({ personNo, customerNos }: Granter): Promise<readonly Invitation[]> {
    return this.#valid(await this.#read({ personNo, customerNos }));
  }

  /** Those that wait for somebody's answer: by the address of the account, or by the link of a mail. */
  async received({ email, isEmailVerified, code }: Invited): Promise<readonly Invitation[]> {
    const byCode = code === undefined ? [] : await this.#read({ digest: digestOf(code) });
    const byEmail = isEmailVerified && code === undefined ? await this.#read({ email: email.toLowerCase() }) : [];
    const found = this.#valid([...byCode, ...byEmail]);
    if (code !== undefined && found.length === 0) throw gone();
    return found;
  }

  #read(filter: store.InvitationFilter): Promise<Invitation[]> {
    const { storage, clock } = this.#options;
    return storage.withActor(system, (tx) => store.readInvitations(tx, filter, clock.now()));
  }

  /** Of a vehicle that was handed on meanwhile nobody was invited by its holder. */
  #valid(all: readonly Invitation[]): Invitation[] {
    return all.filter(({ holder, vehicleNo }) => {
      const now = this.#options.possession.holderNow(vehicleNo);
      return now !== undefined && isSameHolder(now, holder);
    });
  }

  /** Throws `link_used`. */
  accept(id: string, by: Invited): Promise<readonly StoredGrant[]> {
    const nowMs = this.#options.clock.now();
    return this.#options.consents.giveAsInvited(async (tx) => {
      const found = await this.#forAnswer(tx, id, by, nowMs);
      await store.setInvitation(tx, found.invitationNo, { state: 'accepted', personNo: by.personNo, nowMs });
      await this.#audit(tx, 'invitation_accepted', found, by.personNo, by.address);
      const { holder, invitedBy, vehicleNo, items, untilMs, backDays, answer } = found;
      const reader = { kind: 'person' as const, personNo: by.personNo };
      const { purpose, version: purposeVersion } = driverPurpose;
      const customerNos = holder.kind === 'customer' ? [holder.customerNo] : [];
      // What counts is what the holder had read and said.
      const granter: Granter = { personNo: invitedBy, customerNos, address: by.address, answer };
      return { wanted: { reader, vehicleNos: [vehicleNo], items, purpose, purposeVersion, untilMs, backDays }, by: granter };
    });
  }

  /** Throws `link_used`. */
  async refuse(id: string, by: Invited): Promise<void> {
    const { storage, clock } = this.#options;
    const nowMs = clock.now();
    await storage.withActor(system, async (tx) => {
      const found = await this.#forAnswer(tx, id, by, nowMs);
      await store.setInvitation(tx, found.invitationNo, { state: 'refused', personNo: null, nowMs });
      await this.#audit(tx, 'invitation_refused', found, by.personNo, by.address);
    });
  }

  /** The holder takes it back. Throws `not_found`. */
  async withdraw(id: string, by: Granter): Promise<void> {
    const { storage, clock } = this.#options;
    const nowMs = clock.now();
    await storage.withActor(system, async (tx) => {
      const [found] = await store.readInvitations(tx, { id }, nowMs, true);
      if (!found || !mayActFor(found.holder, by)) throw new CallerError('not_found', 'there is no such invitation');
      await store.setInvitation(tx, found.invitationNo, { state: 'withdrawn', personNo: null, nowMs });
      await this.#audit(tx, 'invitation_withdrawn', found, by.personNo, by.address);
    });
  }

  async #forAnswer(tx: Transaction, id: string, by: Invited, nowMs: number): Promise<Invitation> {
    const [found] = this.#valid(await store.readInvitations(tx, { id }, nowMs, true));
    const isMine = found && by.isEmailVerified && found.email === by.email.toLowerCase();
    const isByLink =
      by.code !== undefined &&
      (await store.readInvitations(tx, { digest: digestOf(by.code) }, nowMs)).some((one) => one.id === id);
    if (!found || !(isMine || isByLink)) throw gone();
    if (found.holder.kind === 'person' && found.holder.personNo === by.personNo)
      throw invalidField('id', id, 'an invitation to a vehicle that is not yours');
    return found;
  }

  async #audit(tx: Transaction, act: AuditAct, invitation: Invitation, personNo: number, address: string): Promise<void> {
    const { id, holder, email } = invitation;
    const whom = holder.kind === 'person' ? { subjectPersonNo: holder.personNo } : {};
    await writeAudit(tx, { act, personNo, subject: id, ...whom, address, detail: { email } }, this.#options.clock.now());
  }
}
