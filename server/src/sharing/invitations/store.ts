import type { ConsentItem } from '@milepost/contract/api';
import { sql } from 'kysely';
import type { Transaction } from '../../storage/index.ts';
import type { Answer, Holder } from '../grants/types.ts';
import { invitationLimits } from './limits.ts';
import type { Invitation, InvitationState } from './types.ts';

const at = (ms: number): string => new Date(ms).toISOString();
const atOrNull = (ms: number | null): string | null => (ms === null ? null : at(ms));
const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);
const json = (value: unknown) => sql`${JSON.stringify(value)}::jsonb`;
const personOf = (holder: Holder): number | null => (holder.kind === 'person' ? holder.personNo : null);
const customerOf = (holder: Holder): number | null => (holder.kind === 'customer' ? holder.customerNo : null);

interface Row extends Omit<Invitation, 'holder'> {
  readonly holderPersonNo: number | null;
  readonly holderCustomerNo: number | null;
}

const columns = sql`invitation_no as "invitationNo", id, holder_person_no as "holderPersonNo", holder_customer_no as "holderCustomerNo",
  invited_by as "invitedBy", answer, vehicle_no as "vehicleNo", email, items, ${ms('until_at')} as "untilMs", back_days as "backDays",
  ${ms('created_at')} as "createdMs", ${ms('expires_at')} as "expiresMs", state`;

const toInvitation = ({ holderPersonNo, holderCustomerNo, ...rest }: Row): Invitation => ({
  ...rest,
  holder:
    holderPersonNo === null
      ? { kind: 'customer', customerNo: holderCustomerNo ?? 0 }
      : { kind: 'person', personNo: holderPersonNo },
});

export interface NewRow {
  readonly id: string;
  readonly digest: Uint8Array;
  readonly holder: Holder;
  readonly invitedBy: number;
  readonly answer: Answer;
  readonly vehicleNo: number;
  readonly email: string;
  readonly items: readonly ConsentItem[];
  readonly untilMs: number | null;
  readonly backDays: number;
  readonly createdMs: number;
  readonly expiresMs: number;
}

export const insertInvitation = async (tx: Transaction, row: NewRow): Promise<Invitation> => {
  const { rows } =
    await sql<Row>`insert into driver_invitations (id, digest, holder_person_no, holder_customer_no, invited_by, answer, vehicle_no,
      email, items, until_at, back_days, created_at, expires_at, state)
    values (${row.id}, ${row.digest}, ${personOf(row.holder)}, ${customerOf(row.holder)}, ${row.invitedBy}, ${json(row.answer)}, ${row.vehicleNo},
      ${row.email}, ${json(row.items)}, ${atOrNull(row.untilMs)}, ${row.backDays}, ${at(row.createdMs)}, ${at(row.expiresMs)}, 'sent')
    returning ${columns}`.execute(tx);
  return toInvitation(rows[0] as Row);
};

/** One more of the same vehicle to the same address takes the place of the one before. */
export const withdrawSame = async (tx: Transaction, vehicleNo: number, email: string, nowMs: number): Promise<void> => {
  await sql`update driver_invitations set state = 'withdrawn', answered_at = ${at(nowMs)}
    where vehicle_no = ${vehicleNo} and email = ${email} and state = 'sent'`.execute(tx);
};

/** Of one inviter: those that wait, and the mails of the last day. */
export const countInvitations = async (
  tx: Transaction,
  invitedBy: number,
  nowMs: number,
): Promise<{ readonly waiting: number; readonly today: number }> => {
  const { rows } = await sql<{ waiting: number; today: number }>`select
      (count(*) filter (where state = 'sent' and expires_at > ${at(nowMs)}))::int as waiting,
      (count(distinct digest) filter (where created_at > ${at(nowMs - 86_400_000)}))::int as today
    from driver_invitations where invited_by = ${invitedBy}`.execute(tx);
  return rows[0] ?? { waiting: 0, today: 0 };
};

export type InvitationFilter =
  | { readonly id: string }
  | { readonly digest: Uint8Array }
  | { readonly email: string }
  | { readonly personNo: number; readonly customerNos: readonly number[] };

/** Those that can still be answered, newest first. Locked for who changes them. */
export const readInvitations = async (
  tx: Transaction,
  filter: InvitationFilter,
  nowMs: number,
  isLocked = false,
): Promise<Invitation[]> => {
  const wanted =
    'id' in filter
      ? sql`id = ${filter.id}`
      : 'digest' in filter
        ? sql`digest = ${filter.digest}`
        : 'email' in filter
          ? sql`email = ${filter.email}`
          : sql`(holder_person_no = ${filter.personNo} or holder_customer_no = any(${[...filter.customerNos]}::int[]))`;
  const { rows } =
    await sql<Row>`select ${columns} from driver_invitations where ${wanted} and state = 'sent' and expires_at > ${at(nowMs)}
    order by invitation_no desc limit ${invitationLimits.listMax} ${isLocked ? sql`for update` : sql``}`.execute(tx);
  return rows.map(toInvitation);
};

export const setInvitation = async (
  tx: Transaction,
  invitationNo: number,
  { state, personNo, nowMs }: { readonly state: InvitationState; readonly personNo: number | null; readonly nowMs: number },
): Promise<void> => {
  await sql`update driver_invitations set state = ${state}, person_no = ${personNo}, answered_at = ${at(nowMs)}
    where invitation_no = ${invitationNo}`.execute(tx);
};
